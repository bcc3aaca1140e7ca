"""Reading a reply that may be endless, slow, broken or a bomb, with never more than a cap in memory."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable


class BodyReader:
    """Collects a body up to `limit` bytes, before and after decompression of the content coding `encoding`.

    `content` is what has been read so far; `complete` says that the end was reached within the limit.
    """

    def __init__(self, limit: int, encoding: str) -> None:
        self.content = bytearray()
        self.complete = False
        self._limit = limit
        packed = encoding.strip().lower() in ("gzip", "x-gzip", "deflate")
        # 32 + 15: the library tells gzip and zlib apart by their headers.
        self._inflate = zlib.decompressobj(32 + zlib.MAX_WBITS) if packed else None

    async def read(self, chunks: AsyncIterable[bytes]) -> None:
        """Read until the end or the limit; what was read before an error stays in `content`."""
        raw = 0
        async for chunk in chunks:
            raw += len(chunk)
            room = self._limit - len(self.content)
            try:
                piece = self._inflate.decompress(chunk, room + 1) if self._inflate else chunk
            except zlib.error:
                return
            self.content += piece[:room]
            if len(piece) > room or raw > self._limit:
                return
        self.complete = self._inflate is None or self._inflate.eof or not raw
