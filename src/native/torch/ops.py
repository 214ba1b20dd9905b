"""Makes ops.pt: what libtorch can do and its Rust binding cannot say, as TorchScript.

    pip install torch==2.9.0
    python src/native/torch/ops.py

The archive holds nothing but the code below, uncompressed.
"""

import io
import zipfile
from pathlib import Path
from typing import List

import torch
from torch import Tensor


class Ops(torch.nn.Module):
    @torch.jit.export
    def conv_backward(
        self, gradient: Tensor, images: Tensor, weight: Tensor, window: List[int], wanted: List[bool]
    ) -> List[Tensor]:
        """Gradients of images, weight and bias, those that are wanted.

        window: stride, padding, dilation, output padding (two each), groups, transposed, channels out.
        """
        found: List[Tensor] = []
        of_images, of_weight, of_bias = torch.ops.aten.convolution_backward(
            gradient,
            images,
            weight,
            [window[10]],
            window[0:2],
            window[2:4],
            window[4:6],
            window[9] != 0,
            window[6:8],
            window[8],
            wanted,
        )
        if wanted[0]:
            found.append(of_images)
        if wanted[1]:
            found.append(of_weight)
        if wanted[2]:
            found.append(of_bias)
        return found

    @torch.jit.export
    def norm_backward(
        self,
        gradient: Tensor,
        images: Tensor,
        gamma: Tensor,
        mean: Tensor,
        inverse_std: Tensor,
        epsilon: float,
        wanted: List[bool],
    ) -> List[Tensor]:
        """Gradients of images, gamma and beta, those that are wanted."""
        found: List[Tensor] = []
        of_images, of_gamma, of_beta = torch.ops.aten.native_batch_norm_backward(
            gradient, images, gamma, None, None, mean, inverse_std, True, epsilon, wanted
        )
        if wanted[0]:
            found.append(of_images)
        if wanted[1]:
            found.append(of_gamma)
        if wanted[2]:
            found.append(of_beta)
        return found

    @torch.jit.export
    def channels_last(self, images: Tensor) -> Tensor:
        return images.contiguous(memory_format=torch.channels_last)

    @torch.jit.export
    def adam(
        self,
        weights: List[Tensor],
        gradients: List[Tensor],
        means: List[Tensor],
        squares: List[Tensor],
        steps: List[Tensor],
        numbers: List[float],
    ) -> None:
        """One step in place. numbers: learning rate, two betas, epsilon."""
        # lists made in here would be thought unseen by others, and the step left out
        torch._fused_adam_(
            weights,
            gradients,
            means,
            squares,
            [],
            steps,
            lr=numbers[0],
            beta1=numbers[1],
            beta2=numbers[2],
            weight_decay=0.0,
            eps=numbers[3],
            amsgrad=False,
            maximize=False,
        )


def main():
    saved = io.BytesIO()
    torch.jit.save(torch.jit.script(Ops()), saved)
    target = Path(__file__).with_suffix(".pt")
    with zipfile.ZipFile(saved) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as plain:
        for name in archive.namelist():
            # where this file lay, line by line
            if not name.endswith((".debug_pkl", "serialization_id")):
                member = zipfile.ZipInfo(name.replace(name.split("/")[0], "ops", 1))
                plain.writestr(member, archive.read(name))


main()
