"""What tells decoded frames from true ones while the decoder learns: a small PatchGAN (Isola et al., arXiv 1611.07004)
on three successive frames, hinge loss, as video autoencoders are usually finished. Exists in training only.

Errors of pixels alone are least where an edge that may be here or one pixel further is painted as both: a smear. A
smear is easily told from an edge.
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.stateless import functional_call


class Discriminator(nn.Module):
    """Video [B, 3, T, H, W] in [-1, 1] -> a score for every 4 x 4 pixels of every frame but the first and the last,
    [B (T - 2), 1, H / 4, W / 4]; higher is truer. A score sees 29 x 29 pixels of three successive frames.
    """

    def __init__(self, channels=(32, 64, 96)):
        super().__init__()
        c0, c1, c2 = channels
        self.input = nn.Conv2d(9, c0, 5, 2, 2)
        self.middle = nn.Conv2d(c0, c1, 4, 2, 1)
        self.deep = nn.Conv2d(c1, c2, 3, 1, 1)
        self.output = nn.Conv2d(c2, 1, 3, 1, 1)

    def forward(self, video):
        frames = torch.cat([video[:, :, :-2], video[:, :, 1:-1], video[:, :, 2:]], 1)
        h = frames.transpose(1, 2).flatten(0, 1)
        for layer in (self.input, self.middle, self.deep):
            h = F.leaky_relu(layer(h), 0.2)
        return self.output(h)


def adversarial_losses(discriminator, output, video):
    """Hinge losses (the decoder's, the discriminator's) of decoded and true video [B, 3, T, H, W]. The first has no
    gradient to the discriminator's parameters, the second none to `output`, so that their sum trains both.
    """
    fixed = {name: parameter.detach() for name, parameter in discriminator.named_parameters()}
    fooled = -functional_call(discriminator, fixed, output).mean()
    true, decoded = discriminator(video), discriminator(output.detach())
    return fooled, F.relu(1 - true).mean() + F.relu(1 + decoded).mean()


def balanced(share, loss, adversarial, output):
    """The factor of an adversarial loss at which its gradient by `output` is `share` times as long as the other loss's
    (Esser et al., arXiv 2012.09841, equation 6, there by the last layer's weights).
    """
    other, own = (torch.autograd.grad(part, output, retain_graph=True)[0].norm() for part in (loss, adversarial))
    return share * other / own.clamp(min=1e-12)
