"""Faces and songs as vectors over seven emotions, libraries of songs, rankings.

A vector has seven numbers that add up to 1, in the order of EMOTIONS. Everything runs on this machine; other threads run
while a call works. All that can go wrong is a VibeluxError, whose text says what to do.
"""

from ._vibelux import (
    EMOTIONS,
    Embedder,
    Face,
    Library,
    LibraryError,
    Match,
    PictureError,
    SongError,
    VibeluxError,
    __version__,
    embed,
    embed_many,
    rank,
    read_face,
)

__all__ = [
    "EMOTIONS",
    "Embedder",
    "Face",
    "Library",
    "LibraryError",
    "Match",
    "PictureError",
    "SongError",
    "VibeluxError",
    "__version__",
    "embed",
    "embed_many",
    "rank",
    "read_face",
]
