//! Tells a worker that links libtorch where it lay; `LD_LIBRARY_PATH` wins over that.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let links_libtorch = std::env::var_os("CARGO_FEATURE_TCH").is_some();
    if let (true, Ok(libtorch)) = (links_libtorch, std::env::var("LIBTORCH")) {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{libtorch}/lib");
    }
}
