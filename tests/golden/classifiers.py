"""Golden logits of torchvision's classifiers at full width, with their 1000 outputs and their heads.

Parameters are filled from their names, and outputs summarised, as in `encoders.py` beside this file. Inception-v3's
auxiliary classifier answers in training only: its logits there are those of double precision.

    pip install torch==2.9.0 torchvision==0.24.0
    python tests/golden/classifiers.py > tests/golden/classifiers.json
"""

import json

import torch
from encoders import backbone, images, summary

# batch, px: fields of torchvision's adaptive pooling are equal, overlapping, or smaller than a pixel
SIZES = {
    "vgg16": [(2, 64), (1, 320)],
    "alexnet": [(2, 95), (1, 257)],
    "resnet50": [(2, 96)],
    "densenet121": [(2, 96)],
    "inception_v3": [(2, 107)],
}


def logits(name, batch, px):
    with torch.no_grad():
        return summary(backbone(name).eval()(images(batch, px)))


def auxiliary(batch, px):
    model = backbone("inception_v3").double().train()
    with torch.no_grad():
        return summary(model(images(batch, px).double()).aux_logits)


def main():
    golden = {
        name: [{"batch": batch, "px": px, "logits": logits(name, batch, px)} for batch, px in sizes]
        for name, sizes in SIZES.items()
    }
    golden["auxiliary"] = {"batch": 2, "px": 299, "logits": auxiliary(2, 299)}
    print(json.dumps(golden, separators=(",", ":")))


if __name__ == "__main__":
    main()
