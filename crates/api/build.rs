//! Compiles `proto/` to Rust without `protoc`, and keeps the file descriptors for server reflection.

use std::error::Error;
use std::path::Path;

const INCLUDE: &str = "../../proto";
const FILES: [&str; 5] = [
    "sanad/v1/types.proto",
    "sanad/v1/errors.proto",
    "sanad/v1/ledger.proto",
    "sanad/v1/submission.proto",
    "sanad/v1/node.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut compiler = protox::Compiler::new([INCLUDE])?;
    compiler.include_source_info(true).include_imports(true);
    for file in FILES {
        compiler.open_file(Path::new(INCLUDE).join(file))?;
        println!("cargo::rerun-if-changed={INCLUDE}/{file}");
    }
    let out = std::env::var("OUT_DIR")?;
    // Comments go to the generated Rust only; reflection serves the bare descriptors.
    let commented = compiler.file_descriptor_set();
    compiler.include_source_info(false);
    std::fs::write(Path::new(&out).join("sanad_descriptors.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure().emit_rerun_if_changed(false).compile_fds(commented)?;
    Ok(())
}
