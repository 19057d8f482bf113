//! Packs the models that the program carries.

use std::io;
use std::path::Path;

/// In the folder `models/` of the project.
const MODELS: [&str; 2] = ["face.onnx", "music.onnx"];

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    for model in MODELS {
        let path = folder.join(model);
        println!("cargo::rerun-if-changed={}", path.display());
        vibelux_packed::pack_file(&path, model)?;
    }
    Ok(())
}
