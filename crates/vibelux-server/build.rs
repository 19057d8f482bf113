//! Packs the files of the page, each by itself, and the two texts that the API's description is made of. Makes cargo compile the crate again when a file
//! of the page is added: it is embedded by folder, and cargo by itself notices only changes of the files that were there.

use std::path::Path;
use std::{fs, io};

const DESCRIPTIONS: [&str; 2] = [
    "src/openapi/openapi.json",
    "../../docs/schema/vibelux.schema.json",
];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=web");
    let packed = vibelux_packed::out_dir()?.join("web");
    // Files that are no more would stay.
    if packed.exists() {
        fs::remove_dir_all(&packed)?;
    }
    pack_folder(Path::new("web"), Path::new("web"))?;
    for text in DESCRIPTIONS {
        println!("cargo::rerun-if-changed={text}");
        let path = Path::new(text);
        vibelux_packed::pack_file(path, path.file_name().unwrap_or_default())?;
    }
    Ok(())
}

fn pack_folder(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            pack_folder(&entry.path(), &target)?;
        } else {
            vibelux_packed::pack_file(&entry.path(), target)?;
        }
    }
    Ok(())
}
