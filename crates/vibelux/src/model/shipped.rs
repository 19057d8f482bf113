//! The models inside the program: the ONNX files, packed, and sidecars of the folder `models/`.

use std::path::Path;

use super::error::ModelError;

/// A model inside the program.
pub(super) struct Shipped {
    packed: &'static [u8],
    /// What stands in its sidecar.
    pub(super) sidecar: &'static str,
    /// What messages call it.
    name: &'static str,
}

/// The face classifier.
pub(super) const FACE: Shipped = Shipped {
    packed: include_bytes!(concat!(env!("OUT_DIR"), "/face.onnx")),
    sidecar: include_str!("../../../../models/face.toml"),
    name: "the shipped models/face.onnx",
};

/// The music classifier.
pub(super) const MUSIC: Shipped = Shipped {
    packed: include_bytes!(concat!(env!("OUT_DIR"), "/music.onnx")),
    sidecar: include_str!("../../../../models/music.toml"),
    name: "the shipped models/music.onnx",
};

impl Shipped {
    /// What messages call it, as a path.
    pub(super) fn path(&self) -> &'static Path {
        Path::new(self.name)
    }

    /// The ONNX file.
    pub(super) fn onnx(&self) -> Result<Vec<u8>, ModelError> {
        vibelux_packed::unpack(self.packed).map_err(|source| ModelError::Io {
            path: self.path().to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_files_of_the_project() {
        for (shipped, file) in [(FACE, "face.onnx"), (MUSIC, "music.onnx")] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../models")
                .join(file);
            assert!(shipped.onnx().unwrap() == std::fs::read(path).unwrap());
            assert!(shipped.name.ends_with(file));
        }
    }
}
