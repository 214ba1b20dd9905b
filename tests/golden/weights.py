"""Small files of weights, as PyTorch and safetensors write them, and hostile ones.

    pip install torch==2.9.0 safetensors
    python tests/golden/weights.py        (writes tests/golden/weights/ and weights/expected.json)

Every good file holds the tensors that expected.json lists, in float32 and row-major order, as torch reads them back;
the tar file, which no PyTorch since 0.1.10 writes, follows `_legacy_load` of torch/serialization.py and is read back by
torch as well. hostile.pth creates the file hostile.txt in the working directory if it is ever executed.
"""

import collections
import io
import json
import os
import pathlib
import pickle
import struct
import tarfile
import zipfile
import zlib

import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parent / "weights"
torch.manual_seed(5)


def state():
    """A few tensors: a channels-last view, two views of one storage, a counter."""
    shared = torch.randn(10)
    return collections.OrderedDict(
        {
            "features.0.weight": torch.randn(4, 3, 3, 3),
            "features.0.bias": shared[2:6],
            "features.1.weight": shared[6:],
            "features.10.weight": torch.randn(3, 4, 5).permute(2, 0, 1),
            "features.1.num_batches_tracked": torch.tensor(7),
        }
    )


def listed(tensors):
    return {k: {"shape": list(v.shape), "numbers": v.float().flatten().tolist()} for k, v in tensors.items()}


def dense():
    """DenseNet121's first dense layer, as torchvision's released file names it."""
    layer = "features.denseblock1.denselayer1."
    names = {"norm.1.weight": (8,), "conv.1.weight": (4, 8, 1, 1), "norm.2.running_mean": (4,), "conv.2.weight": (2, 4, 3, 3)}
    return {layer + name: torch.randn(shape) for name, shape in names.items()}


def tar(path, tensors):
    """PyTorch before 0.1.10."""

    def entry(items, name):
        out = b"\x80\x02("
        for item in items:
            out += b"J" + struct.pack("<i", item) if isinstance(item, int) else b"U" + bytes([len(item)]) + item.encode()
        return out + b"ctorch\n" + name.encode() + b"\nt."

    class Saved:
        def __init__(self, key):
            self.key = key

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return str(value.key) if isinstance(value, Saved) else None

    storages, table, saved = io.BytesIO(), io.BytesIO(), collections.OrderedDict()
    pickle.dump(len(tensors), storages, 2)
    pickle.dump(len(tensors), table, 2)
    for i, (name, tensor) in enumerate(tensors.items()):
        tensor = tensor.contiguous()
        storages.write(entry([1000 + i, "cpu"], "FloatStorage") + struct.pack("<q", tensor.numel()))
        storages.write(tensor.numpy().tobytes())
        table.write(entry([2000 + i, 1000 + i], "FloatTensor") + struct.pack("<ii", tensor.dim(), 0))
        table.write(struct.pack(f"<{tensor.dim()}q", *tensor.shape) + struct.pack(f"<{tensor.dim()}q", *tensor.stride()))
        table.write(struct.pack("<q", 0))
        saved[name] = Saved(2000 + i)
    pickle.dump([], storages, 2)
    weights = io.BytesIO()
    Pickler(weights, 2).dump(saved)
    system = pickle.dumps({"protocol_version": 1000, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2)
    parts = {"sys_info": system, "pickle": weights.getvalue(), "tensors": table.getvalue(), "storages": storages.getvalue()}
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


class Hostile:
    def __reduce__(self):
        return os.system, ("touch hostile.txt",)


def rezipped(source, target, method):
    """The same entries, compressed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))


def zipped(path, pickled, storage):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/data/0", storage)


def local(name, data):
    """An entry before its data."""
    sizes = (zlib.crc32(data), len(data), len(data), len(name), 0)
    return struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, *sizes) + name.encode() + data


def listing(name, data, offset, extra=b"", comment=b""):
    """An entry of the table of contents."""
    sizes = (zlib.crc32(data), len(data), len(data), len(name), len(extra), len(comment))
    head = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, *sizes, 0, 0, 0, offset)
    return head + name.encode() + extra + comment


def end(count, size, start):
    return struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, start, 0)


def two_tables(good, bad):
    """Two archives of the same names: the last record points to the table of `good`, that of `bad` ends at it."""
    bodies = [[local(name, data) for name, data in entries.items()] for entries in (good, bad)]
    offsets = [[sum(map(len, body[:i])) for i in range(len(body))] for body in bodies]
    first = b"".join(bodies[0]).ljust(len(b"".join(bodies[1])), b"\0")
    table = b"".join(listing(*entry, at) for entry, at in zip(good.items(), offsets[0]))
    second = b"".join(bodies[1])
    # a reader that takes the second table for the first one believes that everything is this much further behind
    shift = len(table) + len(second)
    behind = len(first) + len(table) - shift
    other = b"".join(listing(*entry, at + behind) for entry, at in zip(bad.items(), offsets[1]))
    return first + table + second + other + end(len(good), len(table), len(first))


def two_beginnings(entries):
    """Before zip64's records: an entry of 76 bytes, as many as they take, so that the table may begin behind it."""
    names = ["x" * 30, *entries]
    data = [b"", *entries.values()]
    bodies = [local(*entry) for entry in zip(names, data)]
    offsets = [sum(map(len, bodies[:i])) for i in range(len(bodies))]
    start, table = len(b"".join(bodies)), b"".join(listing(*entry) for entry in zip(names, data, offsets))
    numbers = (len(names), len(names), len(table), start)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, *numbers)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, start + len(table), 1)
    return b"".join(bodies) + table + record + locator + end(len(names), len(table), start)


def renamed(good, bad):
    """An extra field (Info-ZIP's Unicode path) makes an entry that nobody looks at data.pkl."""
    names = [*good, "a/harmless"]
    data = [*good.values(), bad]
    bodies = [local(*entry) for entry in zip(names, data)]
    offsets = [sum(map(len, bodies[:i])) for i in range(len(bodies))]
    field = struct.pack("<BI", 1, zlib.crc32(b"a/harmless")) + b"a/data.pkl"
    extras = [b""] * len(good) + [struct.pack("<HH", 0x7075, len(field)) + field]
    table = b"".join(listing(*entry) for entry in zip(names, data, offsets, extras))
    return b"".join(bodies) + table + end(len(names), len(table), len(b"".join(bodies)))


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def ambiguous():
    """Files that two readers of zips read in two ways, the second of which is hostile or compressed."""
    good, bad = entries(OUT / "zip.pth"), entries(OUT / "hostile.pth")
    pickled = next(data for name, data in bad.items() if name.endswith("data.pkl"))
    swapped = {name: pickled if name.endswith("data.pkl") else data for name, data in good.items()}
    (OUT / "two_tables.pth").write_bytes(two_tables(good, swapped))
    (OUT / "two_beginnings.pth").write_bytes(two_beginnings(good))
    (OUT / "renamed.pth").write_bytes(renamed(good, pickled))


def stretched(extent, stride):
    """One tensor of `extent` numbers on a storage of four."""
    name = b"X\x01\x00\x00\x00w"
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
    length = b"\x8a\x08" + struct.pack("<q", extent)
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00" + length + b"\x85K" + bytes([stride]) + b"\x85\x89Nt"
    return b"\x80\x02}" + name + call + b"Rs."


def main():
    OUT.mkdir(exist_ok=True)
    plain, half = state(), {k: v.bfloat16() for k, v in state().items() if v.is_floating_point()}
    double = {"a.weight": torch.randn(2, 3, dtype=torch.float64), "a.bias": torch.randn(3).half()}
    good = {
        "zip.pth": plain,
        "legacy.pth": plain,
        "nested.pth": plain,
        "bfloat16.pth": half,
        "double_and_half.pth": double,
        "dense.pth": dense(),
        "tar.pth": {k: v for k, v in plain.items() if v.is_floating_point()},
        "plain.safetensors": {k: v.contiguous().clone() for k, v in plain.items()},
        "bfloat16.safetensors": {k: v.contiguous().clone() for k, v in half.items()},
    }
    for name, tensors in good.items():
        path = OUT / name
        if name == "nested.pth":
            wrapped = {"module." + k: v for k, v in tensors.items()}
            torch.save({"epoch": 3, "state_dict": wrapped, "optimizer": {"state": {0: torch.zeros(2)}}}, path)
        elif name == "tar.pth":
            tar(path, tensors)
        elif name.endswith(".safetensors"):
            save_file(tensors, path)
        else:
            torch.save(tensors, path, _use_new_zipfile_serialization=name != "legacy.pth")
        if name.endswith(".pth") and name != "nested.pth":
            back = torch.load(path, weights_only=name != "tar.pth")
            assert listed(back) == listed(tensors), name
    torch.save({"weight": torch.ones(2), "extra": Hostile()}, OUT / "hostile.pth")
    torch.save({"weight": torch.ones(2), "extra": Hostile()}, OUT / "hostile_legacy.pth", _use_new_zipfile_serialization=False)
    rezipped(OUT / "zip.pth", OUT / "deflated.pth", zipfile.ZIP_DEFLATED)
    zipped(OUT / "stretched.pth", stretched(10**12, 0), bytes(16))
    zipped(OUT / "beyond.pth", stretched(10**12, 1), bytes(16))
    ambiguous()
    (OUT / "expected.json").write_text(json.dumps({name: listed(tensors) for name, tensors in good.items()}))
    assert not pathlib.Path("hostile.txt").exists()


main()
