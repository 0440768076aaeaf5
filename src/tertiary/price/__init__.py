"""What should it cost: unit price, top-up and market forces, or the submitted price with its reason; and what differs."""

from tertiary.price.differences import Materiality, causes, price_differences
from tertiary.price.price import READ, price

__all__ = ["READ", "Materiality", "causes", "price", "price_differences"]
