//! Specs that every build knows.

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        /// Specs that every build knows, by name.
        pub const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../baselines/", $name, ".toml")))),+];
    };
}

built_in!(
    "demo",
    "busi-quick",
    "leak",
    "leak-phantom",
    "classify-phantom",
    "zoo-phantom",
    "p1-table2",
    "p1-table3",
    "p2-fig1",
    "p2-fig3",
    "p2-table2",
    "p2-table3",
    "p2-figs9-13",
    "p2-fig14",
    "p2-fig15",
    "p2-fig16",
    "p2-table4",
    "recommended-us",
    "recommended-mri",
);
