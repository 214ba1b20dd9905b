//! Published files of torchvision.

/// A file that torchvision publishes; its name ends with the first eight digits of its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// torchvision's name of the network.
    pub architecture: &'static str,
    /// Where it is.
    pub url: &'static str,
}

impl Known {
    /// Name of the file.
    pub fn file(&self) -> &'static str {
        self.url.rsplit('/').next().unwrap_or(self.url)
    }

    /// First eight hexadecimal digits of its SHA-256, as torch.hub checks them.
    pub fn sha256_prefix(&self) -> &'static str {
        self.file().trim_end_matches(".pth").rsplit('-').next().unwrap_or_default()
    }
}

/// ImageNet weights (torchvision 0.24, `IMAGENET1K_V1` and, for ResNet50, also `V2`).
pub const KNOWN: &[Known] = &[
    Known { architecture: "vgg16", url: "https://download.pytorch.org/models/vgg16-397923af.pth" },
    Known { architecture: "vgg16_bn", url: "https://download.pytorch.org/models/vgg16_bn-6c64b313.pth" },
    Known { architecture: "vgg19", url: "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth" },
    Known { architecture: "vgg19_bn", url: "https://download.pytorch.org/models/vgg19_bn-c79401a0.pth" },
    Known { architecture: "resnet50", url: "https://download.pytorch.org/models/resnet50-0676ba61.pth" },
    Known { architecture: "resnet50", url: "https://download.pytorch.org/models/resnet50-11ad3fa6.pth" },
    Known { architecture: "densenet121", url: "https://download.pytorch.org/models/densenet121-a639ec97.pth" },
    Known { architecture: "inception_v3", url: "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth" },
    Known { architecture: "alexnet", url: "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_carries_its_digest() {
        assert_eq!((KNOWN[0].file(), KNOWN[0].sha256_prefix()), ("vgg16-397923af.pth", "397923af"));
        for known in KNOWN {
            assert_eq!(known.sha256_prefix().len(), 8, "{}", known.url);
        }
    }
}
