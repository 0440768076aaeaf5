"""What must not stand in a log that host and provider share: the number of a patient."""

from __future__ import annotations

from tertiary.errors import ContractError
from tertiary.privacy import names_patient


def refuse_patients(name: str, text: str) -> None:
    """ContractError, which does not repeat the text, when it holds what looks like an NHS number."""
    if names_patient(text):
        raise ContractError(
            f"{name} holds ten digits that pass the check of an NHS number. The log is shared: name the file or "
            "paper in which the case stands, or the record's own identifier, never a patient."
        )
