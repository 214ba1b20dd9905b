"""Small NIfTI, DICOM and COCO data sets in sources/, and what nibabel, pydicom and pycocotools read from them.

    python tests/golden/sources.py      (numpy, nibabel, pydicom, pycocotools, pillow)

Writes sources/ and sources.json: for each set its layout and, for each case, id, subject, class, grey values and mask.
"""

import gzip
import json
import pathlib
import shutil

import nibabel
import numpy
import pydicom
from PIL import Image
from pycocotools import mask as coco_mask
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

HERE = pathlib.Path(__file__).parent
ROOT = HERE / "sources"
RNG = numpy.random.default_rng(7)
SETS = []


def grey(values, percentiles):
    finite = values[numpy.isfinite(values)]
    low, high = numpy.percentile(finite.astype(numpy.float64), percentiles)
    values = values.astype(numpy.float64)
    scaled = 255 * (values - low) / (high - low) + 0.5
    out = numpy.floor(numpy.clip(numpy.nan_to_num(scaled, nan=0, posinf=0, neginf=0), 0, 255))
    out[~numpy.isfinite(values)] = 0
    out[numpy.isfinite(values) & (values >= high)] = 255
    return out.astype(numpy.uint8)


def case(name, subject, kind, image, mask):
    """image, mask: rows × columns."""
    return {
        "id": name,
        "subject": subject,
        "class": kind,
        "width": image.shape[1],
        "height": image.shape[0],
        "grey": image.astype(numpy.uint8).tobytes().hex(),
        "mask": "".join("01"[bool(v)] for v in mask.ravel()),
    }


def blob(shape):
    grid = numpy.stack(numpy.meshgrid(*[numpy.arange(n) for n in shape], indexing="ij"))
    centre = numpy.array([n * f for n, f in zip(shape, (0.3, 0.6, 0.5))]).reshape(3, 1, 1, 1)
    return (((grid - centre) / numpy.array([2.6, 2.1, 1.7]).reshape(3, 1, 1, 1)) ** 2).sum(0) < 1


def slices(subject, kind, name, values, mask, percentiles, every=False):
    """values, mask: [i, j, k] as nibabel gives them; column = i, row = j."""
    shades = grey(values, percentiles)
    found = []
    for k in range(values.shape[2]):
        if every or mask[:, :, k].any():
            of = kind if mask[:, :, k].any() else "normal"
            found.append(case(f"{name}/slice {k:03}", subject, of, shades[:, :, k].T, mask[:, :, k].T))
    return found


def save_nifti(path, data, affine, slope=None, inter=None, big=False):
    header = nibabel.Nifti1Header(endianness=">" if big else "<")
    image = nibabel.Nifti1Image(data, affine, header)
    image.set_data_dtype(data.dtype)
    if affine is not None:
        image.set_sform(affine, code=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)
    if slope is not None:  # nibabel would scale on writing
        raw = bytearray(path.read_bytes())
        raw[112:120] = numpy.array([slope, inter], dtype=">f4" if big else "<f4").tobytes()
        path.write_bytes(raw)


def nifti_sets():
    shape = (11, 8, 5)
    affine = numpy.array([[-0.7, 0, 0, 40], [0, 0.7, 0, -30], [0, 0, 2.5, 5], [0, 0, 0, 1.0]])
    root = ROOT / "nifti"
    cases = []
    for dtype in ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]:
        for big in (False, True):
            subject = f"{dtype}{'be' if big else 'le'}"
            data = (RNG.gamma(2.0, 20.0, shape) - (30 if dtype[0] != "u" else 0)).clip(-100, 127)
            data = data.astype(numpy.dtype(dtype))
            if dtype[0] == "f":
                data[2, 3, 2], data[5, 5, 2], data[0, 0, 0] = numpy.nan, numpy.inf, -numpy.inf
            scaled = dtype in ("i2", "u1")
            ending = "nii" if scaled or big else "nii.gz"
            path = root / subject / f"t1.{ending}"
            save_nifti(path, data.astype(data.dtype.newbyteorder(">" if big else "<")), affine,
                       *((0.25, -3.0) if scaled else (None, None)), big=big)
            mask = blob(shape)
            save_nifti(root / subject / "mask.nii.gz", mask.astype(numpy.uint8), affine)
            values = numpy.asarray(nibabel.load(path).get_fdata(), dtype=numpy.float32)
            cases += slices(subject, "malignant", subject, values, mask, [1, 99])
    SETS.append({"name": "nifti", "layout": """
        kind = "nifti"
        images = ["{subject}/t1.nii", "{subject}/t1.nii.gz"]
        masks = "{subject}/mask.nii.gz"
        class = "malignant"
    """, "cases": cases})

    # 4-D, three labels, a mask turned and shifted against its image, two gzip members, every slice
    root = ROOT / "nifti4d"
    shape4 = (9, 10, 4, 3)
    data = RNG.normal(100, 30, shape4).astype(numpy.int16)
    save_nifti(root / "benign" / "P7" / "dce.nii", data, affine)
    raw = (root / "benign" / "P7" / "dce.nii").read_bytes()
    (root / "benign" / "P7" / "dce.nii.gz").write_bytes(gzip.compress(raw[:1000], mtime=0) + gzip.compress(raw[1000:], mtime=0))
    (root / "benign" / "P7" / "dce.nii").unlink()
    labels = numpy.zeros(shape4[:3], numpy.int16)
    labels[2:6, 3:8, 1:3] = 2
    labels[7, 7, 1] = 5
    labels[0, 0, 0] = 1
    # the same label volume with i flipped, j and k exchanged, and its slices cut: voxel (a, b, c) is (8 - a, c, b + 1)
    turned = labels[::-1, :, 1:].transpose(0, 2, 1)
    index = numpy.array([[-1, 0, 0, 8], [0, 0, 1, 0], [0, 1, 0, 1], [0, 0, 0, 1.0]])
    save_nifti(root / "benign" / "P7" / "labels.nii", numpy.ascontiguousarray(turned), affine @ index)
    values = numpy.asarray(nibabel.load(root / "benign" / "P7" / "dce.nii.gz").get_fdata(), dtype=numpy.float32)[..., 1]
    cases = slices("P7", "benign", "P7", values, (labels == 2) | (labels == 5), [0, 100], every=True)
    SETS.append({"name": "nifti4d", "layout": """
        kind = "nifti"
        images = "{class}/{subject}/dce.nii.gz"
        masks = "{class}/{subject}/labels.nii"
        slices = "all"
        volume = 1
        window = [0.0, 100.0]
        mask_labels = [2, 5]
    """, "cases": cases})


def save_dicom(path, stored, number, syntax=ExplicitVRLittleEndian, series="1.2.3", z=None, **extra):
    """stored: rows × columns, or frames × rows × columns."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    meta.MediaStorageSOPInstanceUID = f"{series}.{number}"
    meta.TransferSyntaxUID = syntax
    data = Dataset()
    data.file_meta = meta
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.PatientID, data.SeriesInstanceUID, data.InstanceNumber = "X", series, number
    data.Rows, data.Columns = stored.shape[-2:]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = stored.dtype.itemsize * 8
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(stored.dtype.kind == "i")
    if z is not None:
        data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        data.ImagePositionPatient = [-40, -30, z]
        data.PixelSpacing = [0.8, 0.7]
        data.SliceThickness = 2
    # a sequence of undefined length with one of defined length in it
    inner = Dataset()
    inner.CodeValue = "T-04000"
    outer = Dataset()
    outer.AnatomicRegionSequence = [inner]
    data.ReferencedImageSequence = [outer]
    data["ReferencedImageSequence"].is_undefined_length = True
    for name, value in extra.items():
        setattr(data, name, value)
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    data.PixelData = stored.astype(stored.dtype.newbyteorder(order)).tobytes()
    if len(data.PixelData) % 2:
        data.PixelData += b"\0"
    data["PixelData"].VR = "OW" if stored.dtype.itemsize > 1 else "OB"
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, data, enforce_file_format=True)


def read_dicom(path):
    data = pydicom.dcmread(path)
    values = data.pixel_array * float(data.get("RescaleSlope", 1)) + float(data.get("RescaleIntercept", 0))
    return -values if data.PhotometricInterpretation == "MONOCHROME1" else values


def dicom_sets():
    root = ROOT / "dicom"
    rows, columns, depth = 8, 11, 5
    cases = []
    for subject, syntax, dtype, extra, placed in [
        ("explicit", ExplicitVRLittleEndian, "i2", {"RescaleSlope": "0.5", "RescaleIntercept": "-7"}, True),
        ("implicit", ImplicitVRLittleEndian, "u2", {"BitsStored": 12, "HighBit": 11}, True),
        ("big", ExplicitVRBigEndian, "i2", {}, True),
        ("inverse", ExplicitVRLittleEndian, "u1", {"PhotometricInterpretation": "MONOCHROME1"}, False),
    ]:
        folder = root / subject / "t1"
        names = [f"IM{n}.dcm" for n in RNG.permutation(depth)]
        values = numpy.zeros((columns, rows, depth), numpy.float32)
        for k in range(depth):
            stored = RNG.integers(0, 200, (rows, columns)).astype(numpy.dtype(dtype))
            if dtype == "i2":
                stored -= 50
            # by position the numbers run backwards
            number = depth - k if placed else k + 1
            save_dicom(folder / names[k], stored, number, syntax, f"1.2.{len(subject)}", 2.0 * k - 9 if placed else None, **extra)
            values[:, :, k] = read_dicom(folder / names[k]).T
        mask = blob((columns, rows, depth))
        # as dcm2niix writes it: rows upside down, patient coordinates to the right and to the front
        affine = numpy.array([[-0.7, 0, 0, 40], [0, 0.8, 0, 30 - 0.8 * (rows - 1)], [0, 0, 2, -9], [0, 0, 0, 1.0]])
        if placed:
            save_nifti(root / subject / "t1.nii.gz", mask[:, ::-1].astype(numpy.uint8), affine)
        else:
            save_nifti(root / subject / "t1.nii.gz", mask.astype(numpy.uint8), None)
        cases += slices(subject, "unknown", f"{subject}/t1", values, mask, [1, 99])
    SETS.append({"name": "dicom", "classes": ["unknown"], "layout": """
        kind = "dicom"
        images = "{subject}/{series}/*.dcm"
        masks = "{subject}/{series}.nii.gz"
        class = "unknown"
    """, "cases": cases})

    root = ROOT / "frames"
    stored = RNG.integers(0, 4000, (3, rows, columns)).astype(numpy.uint16)
    save_dicom(root / "P1" / "multi", stored, 1, NumberOfFrames=3)
    values = read_dicom(root / "P1" / "multi").transpose(2, 1, 0).astype(numpy.float32)
    mask = numpy.zeros((columns, rows, 3), bool)
    mask[3:6, 2:5, 1] = True
    for k in range(3):
        (root / "P1" / "masks").mkdir(exist_ok=True)
        Image.fromarray(mask[:, :, k].T.astype(numpy.uint8) * 255).save(root / "P1" / "masks" / f"{k + 1}.png")
    SETS.append({"name": "frames", "layout": """
        kind = "dicom"
        images = "{subject}/multi"
        masks = "{subject}/masks/{slice}.png"
        class = "benign"
    """, "cases": slices("P1", "benign", "P1", values, mask, [1, 99])})


def coco_set():
    root = ROOT / "coco"
    (root / "pictures").mkdir(parents=True, exist_ok=True)
    images, annotations, cases = [], [], []
    for number in range(24):
        width, height = int(RNG.integers(5, 47)), int(RNG.integers(5, 40))
        shades = RNG.integers(0, 255, (height, width)).astype(numpy.uint8)
        name = f"P{number % 5}_{number:02}.png"
        Image.fromarray(shades).save(root / "pictures" / name)
        images.append({"id": 100 + number, "file_name": name, "width": width, "height": height})
        union = numpy.zeros((height, width), bool)
        kinds = []
        for _ in range(number % 4):
            category = int(RNG.integers(1, 3))
            style = int(RNG.integers(0, 4))
            if style < 2:
                outlines = []
                for _ in range(int(RNG.integers(1, 3))):
                    corners = int(RNG.integers(3, 12))
                    at = RNG.uniform(-6, 6, (corners, 2)) + RNG.uniform(0, 1, (corners, 2)) * (width, height)
                    outlines.append([float(v) for v in (at.round(int(style)) if style == 0 else at).ravel()])
                segmentation = outlines
                drawn = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(outlines, height, width)))
            else:
                flat = (RNG.uniform(size=(height, width)) < 0.3)
                code = coco_mask.encode(numpy.asfortranarray(flat.astype(numpy.uint8)))
                drawn = coco_mask.decode(code)
                segmentation = {"size": [height, width], "counts": code["counts"].decode()}
                if style == 3:
                    column = flat.T.ravel()
                    edges = numpy.flatnonzero(numpy.diff(numpy.concatenate([[False], column, [not column[-1]]])))
                    counts = numpy.diff(numpy.concatenate([[0], edges])).tolist()
                    segmentation = {"size": [height, width], "counts": counts}
            annotations.append({"id": len(annotations), "image_id": 100 + number, "category_id": category,
                                "iscrowd": int(style > 1), "segmentation": segmentation})
            union |= drawn.astype(bool)
            kinds.append({1: "benign", 2: "malignant"}[category])
        kind = "malignant" if "malignant" in kinds else "benign" if kinds else "normal"
        cases.append(case(f"P{number % 5}/{number:02}", f"P{number % 5}", kind, shades, union))
    categories = [{"id": 1, "name": "fibroadenoma"}, {"id": 2, "name": "Malignant"}]
    (root / "annotations.json").write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    SETS.append({"name": "coco", "layout": """
        kind = "coco"
        annotations = "annotations.json"
        images = "pictures"
        pattern = "{subject}_{case}.png"
        labels = { fibroadenoma = "benign" }
    """, "cases": cases})


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    nifti_sets()
    dicom_sets()
    coco_set()
    for one in SETS:
        one["layout"] = "\n".join(line.strip() for line in one["layout"].strip().splitlines())
    (HERE / "sources.json").write_text(json.dumps(SETS, indent=1) + "\n")


main()
