//! Packs the font of the plots, and which songs the shipped music model was trained on.

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    vibelux_packed::write_packed(dejavu::sans::regular(), "sans.ttf")?;
    let songs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/music-trained-on.txt");
    println!("cargo::rerun-if-changed={}", songs.display());
    vibelux_packed::pack_file(&songs, "music-trained-on.txt")
}
