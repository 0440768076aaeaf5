"""What should it cost, by price list or as submitted with the reason; and which submitted prices differ, and why."""

from tertiary.price.differences import Materiality, causes, price_differences
from tertiary.price.price import READ, price

__all__ = ["READ", "Materiality", "causes", "price", "price_differences"]
