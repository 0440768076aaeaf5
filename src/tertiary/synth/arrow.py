"""Small helpers between numpy and Arrow: dictionaries of words, decimals from whole pence, fixed-width numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class Words:
    """A growing list of words; arrays hold positions, -1 for none."""

    def __init__(self) -> None:
        self.list: list[str] = []
        self._at: dict[str, int] = {}

    def code(self, word: str) -> int:
        """Position of a word (-1 for the blank word)."""
        if not word:
            return -1
        if word not in self._at:
            self._at[word] = len(self.list)
            self.list.append(word)
        return self._at[word]

    def codes(self, words: tuple[str, ...] | list[str]) -> np.ndarray:
        """Positions of several words."""
        return np.array([self.code(w) for w in words], np.int32)

    def array(self, codes: np.ndarray) -> pa.Array:
        """The words themselves; null for -1."""
        return take(pa.array(self.list, pa.string()), codes)


def take(values: pa.Array, codes: np.ndarray) -> pa.Array:
    """Elements at positions; null for negative positions."""
    index = pa.array(codes.astype(np.int64), mask=codes < 0)
    return values.take(index)


def money(pence: np.ndarray) -> pa.Array:
    """decimal(18,2) from whole pence, without passing through a float."""
    wide = np.empty((len(pence), 2), np.int64)
    wide[:, 0] = pence
    wide[:, 1] = np.where(pence < 0, -1, 0)
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(pence), [None, pa.py_buffer(wide.tobytes())])


def padded(prefix: str, numbers: np.ndarray, width: int) -> pa.Array:
    """Such as S04N00000017."""
    text = pc.utf8_lpad(pa.array(numbers.astype(np.int64)).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, text, "")


def days(values: np.ndarray) -> pa.Array:
    """date32 from numpy days (NaT becomes null)."""
    return pa.array(values.astype("datetime64[D]"))


def joined(parts: list[pa.Array], separator: str) -> pa.Array:
    """Text of several columns with a separator, leaving out nulls; blank when all are null."""
    if len(parts) == 1:
        return pc.fill_null(parts[0], "")
    return pc.binary_join_element_wise(*parts, separator, null_handling="skip")
