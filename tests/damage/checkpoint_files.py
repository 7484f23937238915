# SPDX-License-Identifier: LGPL-2.1-or-later
"""Taking apart and putting together the files of a checkpoint, with nothing checked."""

import json
import struct


class SafeTensors:
    """A safetensors file as its header (a dict) and its data (bytes)."""

    def __init__(self, path):
        self.path = path
        content = path.read_bytes()
        length = struct.unpack("<Q", content[:8])[0]
        self.header = json.loads(content[8:8 + length])
        self.data = content[8 + length:]

    def save(self, header=None, length=None, data=None):
        """Writes the file; `header` may be bytes that replace the JSON, `length` a lie."""
        if header is None:
            header = json.dumps(self.header).encode()
        if length is None:
            length = len(header)
        self.path.write_bytes(struct.pack("<Q", length) + header
                              + (self.data if data is None else data))

    def bytes_of(self, name):
        begin, end = self.header[name]["data_offsets"]
        return self.data[begin:end]

    def rebuild(self, tensors):
        """Lays out {name: (dtype, shape, bytes)} from the start."""
        self.header, self.data = {}, b""
        for name, (dtype, shape, data) in tensors.items():
            begin = len(self.data)
            self.data += data
            self.header[name] = {"dtype": dtype, "shape": shape,
                                 "data_offsets": [begin, len(self.data)]}

    def tensors(self):
        return {name: (info["dtype"], info["shape"], self.bytes_of(name))
                for name, info in self.header.items() if name != "__metadata__"}


def change_json(path, **changes):
    """Sets keys of a JSON object; the value DROP removes one."""
    content = json.loads(path.read_text())
    for key, value in changes.items():
        if value is DROP:
            content.pop(key, None)
        else:
            content[key] = value
    path.write_text(json.dumps(content))


DROP = object()
