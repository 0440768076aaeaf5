"""What should it cost: unit price, top-up and market forces, or the submitted price with its reason."""

from tertiary.price.price import READ, price

__all__ = ["READ", "price"]
