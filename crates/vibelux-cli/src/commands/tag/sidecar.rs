//! A file for each song that may not be written to, in a folder of its own: its JSON is that of songs in answers.

use std::path::{Component, Path, PathBuf};

use vibelux::atomic;
use vibelux::media;
use vibelux::tagging::Tagged;

/// Where the file of a song is: its whole path, or its address, below the folder, with `.json` behind its name.
pub fn place(folder: &Path, song: &Path) -> PathBuf {
    let below: PathBuf = if media::is_address(song) {
        song.to_string_lossy().replacen("://", "/", 1).into()
    } else {
        song.to_owned()
    };
    let mut place = folder.to_owned();
    for part in below.components() {
        match part {
            // The letter of a drive.
            Component::Prefix(prefix) => {
                place.push(
                    prefix
                        .as_os_str()
                        .to_string_lossy()
                        .replace([':', '\\'], ""),
                );
            }
            Component::Normal(name) => place.push(name),
            Component::RootDir | Component::CurDir | Component::ParentDir => {}
        }
    }
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".json");
    place.set_file_name(name);
    place
}

/// Writes it, unless it says the same already.
///
/// # Errors
/// What the system says.
pub fn write(file: &Path, text: &str, dry_run: bool) -> std::io::Result<Tagged> {
    if std::fs::read(file).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(Tagged::Same);
    }
    if !dry_run {
        atomic::write(file, text.as_bytes())?;
    }
    Ok(Tagged::Changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn songs_of_one_name_have_files_of_their_own() {
        let place = |song: &str| place(Path::new("/moods"), Path::new(song));
        assert_eq!(
            place("/music/a/1.mp3"),
            Path::new("/moods/music/a/1.mp3.json")
        );
        assert_eq!(
            place("/music/b/1.mp3"),
            Path::new("/moods/music/b/1.mp3.json")
        );
        assert_ne!(place("/music/a:b.mp3"), place("/music/a_b.mp3"));
        assert_eq!(
            place("s3://bucket/1.mp3"),
            Path::new("/moods/s3/bucket/1.mp3.json")
        );
    }
}
