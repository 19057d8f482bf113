//! From a song file to its emotion, as a whole and while it plays.
//!
//! ```text
//! cargo run --release -p vibelux --example embed_a_song -- song.mp3
//! ```

use std::path::Path;

use vibelux::model::MusicModel;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("usage: embed_a_song SONG")?;

    // The model says where it wants to listen; only these windows are decoded.
    let model = MusicModel::shipped()?;
    let song = model.embed_song(Path::new(&file))?;

    println!("{file} sounds {}", song.vector.strongest());
    println!("{}", song.vector);

    // The song's vector is the mean over its windows; each has its start, in seconds.
    for (seconds, vector) in &song.windows {
        println!("{seconds:7.1} s  {}", vector.strongest());
    }
    Ok(())
}
