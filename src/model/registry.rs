//! From the rows of the registry to everything that is one match over all models.

/// Rows by what the model answers; `pixels` judge each pixel by hand-made features, all others are networks.
macro_rules! models {
    (
        segmentation { $($seg_name:literal => $seg:ident, $seg_config:ident, $seg_about:literal;)* }
        classification { $($cls_name:literal => $cls:ident, $cls_config:ident, $cls_about:literal;)* }
        pixels { $($pix_name:literal => $pix:ident, $pix_config:ident, $pix_about:literal;)* }
    ) => {
        models! {
            @networks $($seg_name => $seg, $seg_config, $seg_about, Segmentation;)*
            $($cls_name => $cls, $cls_config, $cls_about, Classification;)*
            @pixels $($pix_name => $pix, $pix_config, $pix_about;)*
        }
    };
    (
        @networks $($name:literal => $variant:ident, $config:ident, $about:literal, $task:ident;)*
        @pixels $($pix_name:literal => $pix:ident, $pix_config:ident, $pix_about:literal;)*
    ) => {
        /// One row of the registry, with its numbers. In TOML: `{ name = "unet", width = 0.25 }`.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "name")]
        pub enum ModelConfig {
            $(#[doc = $about] #[serde(rename = $name)] $variant($config),)*
            $(#[doc = $pix_about] #[serde(rename = $pix_name)] $pix($pix_config),)*
        }

        /// A network of the registry.
        #[derive(Module, Debug)]
        #[expect(clippy::large_enum_variant, reason = "there is one network at a time, and it is moved seldom")]
        pub enum Network {
            $(#[doc = $about] $variant($variant),)*
        }

        /// All models: networks first, then pixel classifiers.
        pub const MODELS: &[Row] = &[
            $(Row { name: $name, about: $about, task: Task::$task, kind: Kind::Network },)*
            $(Row { name: $pix_name, about: $pix_about, task: Task::Segmentation, kind: Kind::Pixels },)*
        ];

        impl ModelConfig {
            /// The registry's default of `name`.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant($config::default())),)*
                    $($pix_name => Some(Self::$pix($pix_config::default())),)*
                    _ => None,
                }
            }

            /// Its key in the registry.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                    $(Self::$pix(_) => $pix_name,)*
                }
            }

            /// What is wrong with the numbers, or with images of `input_px`, if anything.
            pub fn check(&self, input_px: usize) -> Result<(), String> {
                match self {
                    $(Self::$variant(config) => {
                        config.check()?;
                        check_least($name, input_px, $config::MIN_PX)?;
                        check_stride($name, input_px, config)
                    })*
                    $(Self::$pix(config) => config.check(),)*
                }
            }

            /// Channels of the network's decoder feature map; `None` for a model that gives none.
            pub fn features(&self) -> Option<usize> {
                match self {
                    $(Self::$variant(config) => config.features(),)*
                    $(Self::$pix(_) => None,)*
                }
            }

            /// The input that it insists on; `None` takes the spec's.
            pub fn normalise(&self) -> Option<Normalise> {
                match self {
                    $(Self::$variant(config) => config.normalise(),)*
                    $(Self::$pix(_) => None,)*
                }
            }

            /// What the network is trained against; `None` for a model that is trained on its loss alone.
            pub fn adversary(&self) -> Option<AdversaryConfig> {
                match self {
                    $(Self::$variant(config) => config.adversary(),)*
                    $(Self::$pix(_) => None,)*
                }
            }

            /// Its trainable numbers; 0 for a pixel classifier.
            pub fn params(&self) -> usize {
                match self {
                    $(Self::$variant(config) => trainable(&config.build(&Device::flex())),)*
                    $(Self::$pix(_) => 0,)*
                }
            }

            /// Paths of its trainable parameters, in order of definition; none for a pixel classifier.
            pub fn paths(&self) -> Vec<String> {
                match self {
                    $(Self::$variant(config) => {
                        let slots = slots(&Network::$variant(config.build(&Device::flex()))).into_iter();
                        slots.filter(|slot| slot.learns).map(|slot| slot.path).collect()
                    })*
                    $(Self::$pix(_) => Vec::new(),)*
                }
            }

            /// The pixel classifier's numbers; `None` for a network.
            pub fn pixels(&self) -> Option<&dyn PixelConfig> {
                match self {
                    $(Self::$variant(_) => None,)*
                    $(Self::$pix(config) => Some(config),)*
                }
            }

            /// The network with random weights from the device's seed; `None` for a pixel classifier.
            pub fn build(&self, device: &Device) -> Option<Network> {
                match self {
                    $(Self::$variant(config) => Some(Network::$variant(config.build(device)).materialize()),)*
                    $(Self::$pix(_) => None,)*
                }
            }
        }

        impl Forward for Network {
            fn forward(&self, images: Tensor<4>) -> Output {
                match self {
                    $(Self::$variant(network) => network.forward(images),)*
                }
            }
        }
    };
}

pub(super) use models;
