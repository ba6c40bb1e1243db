"""Layers shared by the networks, with the parameter layouts that src/kernels uses.

Linear weights are [in, out]; convolution filters [kT, kH, kW, Cin, Cout]; layer norm multiplies by (1 +
scale). Video activations are channels-last at every public boundary; inside the autoencoder they are [B, C,
T, H, W], which is what the CPU's convolution is fastest with. Does not do: dropout, weight decay, device
placement.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

EPSILON = 1e-6


class Linear(nn.Module):
    """y [.., out] = x [.., in] @ weight [in, out] + bias [out]."""

    def __init__(self, inputs, outputs, zero=False):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        if not zero:
            nn.init.normal_(self.weight, std=inputs ** -0.5)

    def forward(self, x):
        return F.linear(x, self.weight.t(), self.bias)


class PointLinear(Linear):
    """A linear layer over the channel axis of [B, C, T, H, W]; weight [in, out] as any linear layer's."""

    def forward(self, x):
        return F.conv3d(x, self.weight.t()[:, :, None, None, None], self.bias)


class LayerNorm(nn.Module):
    """Over the last axis: (x - mean) / sqrt(var + 1e-6) * (1 + scale) + shift; scale, shift [1, C] start at
    0.
    """

    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(1, channels))
        self.shift = nn.Parameter(torch.zeros(1, channels))

    def forward(self, x):
        width = x.shape[-1]
        return F.layer_norm(x.float(), (width,), 1 + self.scale[0], self.shift[0], EPSILON)


class _ChannelNormFunction(torch.autograd.Function):
    """Layer norm over axis 1 of [B, C, ...] in x's own precision: far fewer memory passes than autograd's
    chain.
    """

    @staticmethod
    def forward(context, x, scale, shift):
        mean = x.mean(1, keepdim=True)
        centred = x - mean
        inverse = torch.rsqrt((centred * centred).mean(1, keepdim=True) + EPSILON)
        normal = centred.mul_(inverse)
        view = (1, -1) + (1,) * (x.dim() - 2)
        context.save_for_backward(normal, inverse, scale)
        return normal * (1 + scale).to(x.dtype).view(view) + shift.to(x.dtype).view(view)

    @staticmethod
    def backward(context, gradient):
        normal, inverse, scale = context.saved_tensors
        view = (1, -1) + (1,) * (gradient.dim() - 2)
        others = [i for i in range(gradient.dim()) if i != 1]
        product = gradient * normal
        scale_gradient = product.sum(others, dtype=torch.float32).view_as(scale)
        shift_gradient = gradient.sum(others, dtype=torch.float32).view_as(scale)
        factor = (1 + scale).to(gradient.dtype).view(view)
        inner = gradient * factor
        projection = product.mul_(factor).mean(1, keepdim=True)
        x_gradient = inner.sub_(inner.mean(1, keepdim=True)).sub_(normal * projection).mul_(inverse)
        return x_gradient, scale_gradient, shift_gradient


class ChannelNorm(LayerNorm):
    """The same layer norm over the channel axis of [B, C, T, H, W]."""

    def forward(self, x):
        return _ChannelNormFunction.apply(x, self.scale, self.shift)


class Convolution(nn.Module):
    """Causal convolution: x [B, Cin, T, H, W] -> [B, Cout, ceil(T/sT), ceil(H/sH), ceil(W/sW)].

    Time is padded with kT - 1 zeros in front, space with (k - 1) / 2 zeros on both sides.
    The filter is stored [kT, kH, kW, Cin, Cout].
    """

    def __init__(self, inputs, outputs, kernel, stride=(1, 1, 1), zero=False):
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.weight = nn.Parameter(torch.zeros(*kernel, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        if not zero:
            nn.init.normal_(self.weight, std=(inputs * kernel[0] * kernel[1] * kernel[2]) ** -0.5)

    def forward(self, x):
        time, height, width = self.kernel
        if time > 1:
            x = F.pad(x, (0, 0, 0, 0, time - 1, 0))
        filters = self.weight.permute(4, 3, 0, 1, 2)
        return F.conv3d(x, filters, self.bias, self.stride, (0, height // 2, width // 2))


class Residual(nn.Module):
    """x + conv2(silu(conv1(silu(norm(x))))) on [B, C, T, H, W]."""

    def __init__(self, channels, kernel):
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.convolution_1 = Convolution(channels, channels, kernel)
        self.convolution_2 = Convolution(channels, channels, kernel)
        # A residual branch that starts small keeps the first steps stable.
        self.convolution_2.weight.data.mul_(0.2)

    def forward(self, x):
        h = self.convolution_1(F.silu(self.norm(x)))
        return x + self.convolution_2(F.silu(h))


def space_to_depth(x, factor):
    """[B, C, T, fH*H, fW*W] -> [B, fH*fW*C, T, H, W]; folded order (fh, fw, c), c fastest. Space only."""
    batch, channels, time, height, width = x.shape
    x = x.reshape(batch, channels, time, height // factor, factor, width // factor, factor)
    return x.permute(0, 4, 6, 1, 2, 3, 5).reshape(batch, -1, time, height // factor, width // factor)


def depth_to_space(x, factors):
    """[B, fT*fH*fW*C, T, H, W] -> [B, C, fT*T - (fT - 1), fH*H, fW*W]; folded order (ft, fh, fw, c), c
    fastest.

    The first fT - 1 frames are dropped, so that T = 7 becomes 13 and then 25 and frame 0 stays alone.
    """
    time_factor, height_factor, width_factor = factors
    batch, folded, time, height, width = x.shape
    channels = folded // (time_factor * height_factor * width_factor)
    x = x.reshape(batch, time_factor, height_factor, width_factor, channels, time, height, width)
    x = x.permute(0, 4, 5, 1, 6, 2, 7, 3)
    x = x.reshape(batch, channels, time * time_factor, height * height_factor, width * width_factor)
    return x[:, :, time_factor - 1:]


class _GeluFunction(torch.autograd.Function):
    """GELU by its tanh approximation, as x * sigmoid(2 u); its derivative is kept, half the time of F.gelu in
    bf16.

    u = sqrt(2 / pi) (x + .044715 x^3); 2 u = x (FIRST + THIRD x^2).
    """

    FIRST, THIRD = 2 * (2 / math.pi) ** 0.5, 2 * (2 / math.pi) ** 0.5 * 0.044715

    @staticmethod
    def forward(context, x):
        square = x * x
        share = torch.sigmoid(torch.mul(square, _GeluFunction.THIRD).add_(_GeluFunction.FIRST).mul_(x))
        result = x * share
        derivative = square.mul_(3 * _GeluFunction.THIRD).add_(_GeluFunction.FIRST)
        derivative.mul_(result).mul_(1 - share).add_(share)
        context.save_for_backward(derivative)
        return result

    @staticmethod
    def backward(context, gradient):
        return gradient * context.saved_tensors[0]


def gelu(x):
    """GELU by its tanh approximation, as in the shaders."""
    return _GeluFunction.apply(x)
