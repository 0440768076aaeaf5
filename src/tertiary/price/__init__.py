"""What should it cost, by price list or as submitted with the reason; and which submitted prices differ, and why."""

from tertiary.price.differences import Materiality, causes, price_differences
from tertiary.price.price import READ, price
from tertiary.price.year_of_care import Due, Enrolment, months_due

__all__ = ["READ", "Due", "Enrolment", "Materiality", "causes", "months_due", "price", "price_differences"]
