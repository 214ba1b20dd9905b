"""Loads the weights of a seglab run into the same network in PyTorch, and compares what both say of the same images.

    seglab weights export demo/unet --out unet.safetensors
    seglab predict demo/unet IMAGES --out predictions
    python scripts/load_weights.py unet.safetensors predictions --run results/demo/unet-f0-s1-… --images IMAGES

IMAGES must have the run's input size: then no image is resized, and the probabilities that seglab wrote with 16 bits
(steps of 1.5e-5) can be held against PyTorch's. Needs torch, safetensors, numpy and pillow; Python 3.11.
Networks: those of benches/networks.py, unet, fgfeu-net, boundary-attention and att-unet; any other needs a network of
yours whose parameters have the file's names.
"""

import argparse
import sys
import tomllib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benches"))
from networks import NETWORKS

TOLERANCE = 1e-4


def network(plan, weights):
    """The run's network; every tensor of the file has its place, and every place its tensor."""
    model = plan["model"]
    if model["name"] not in NETWORKS:
        known = ", ".join(NETWORKS)
        sys.exit(f"{model['name']}: this script knows {known}; the tensors are under PyTorch's names in {weights}")
    net = NETWORKS[model["name"]](model.get("width", 1.0))
    missing, unexpected = net.load_state_dict(load_file(weights), strict=False)
    # a counter of training steps, which no prediction needs
    wrong = [name for name in missing if not name.endswith("num_batches_tracked")] + list(unexpected)
    if wrong:
        sys.exit(f"{weights}: not the weights of {model['name']}: {', '.join(wrong[:5])}")
    return net.eval()


def z_score(image):
    """seglab's default input: mean 0, deviation 1 over all channels together."""
    values = np.asarray(image.convert("RGB"), np.float64)
    values = (values - values.mean()) / max(values.std(), 1.0)
    return torch.from_numpy(values.transpose(2, 0, 1)[None].astype(np.float32))


def probability(net, image):
    with torch.no_grad():
        output = net(z_score(image))
    logits = output if isinstance(output, torch.Tensor) else output[0]
    return torch.sigmoid(logits)[0, 0].numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--run", type=Path, required=True, help="folder of the run, for its plan.toml")
    parser.add_argument("--images", type=Path, required=True)
    args = parser.parse_args()
    plan = tomllib.loads((args.run / "plan.toml").read_text())
    if plan["train"].get("normalise", "z-score") != "z-score":
        sys.exit(f"{args.run}: images are normalised by {plan['train']['normalise']}; this script knows z-score")
    net, side, worst, count = network(plan, args.weights), plan["input_px"], 0.0, 0
    for path in sorted(args.images.glob("*.png")):
        image = Image.open(path)
        if image.size != (side, side):
            sys.exit(f"{path}: {image.size[0]}×{image.size[1]} px, expected the run's input, {side}×{side}")
        ours = np.asarray(Image.open(args.predictions / "probabilities" / path.name), np.float64) / 65535
        gap = np.abs(ours - probability(net, image)).max()
        worst, count = max(worst, gap), count + 1
    print(f"{count} images of {side} px: largest difference of a probability {worst:.1e}, allowed {TOLERANCE:.0e}")
    sys.exit(0 if count and worst <= TOLERANCE else 1)


if __name__ == "__main__":
    main()
