//! What of songs at addresses travels when they are embedded.
//!
//! ```text
//! cargo run --release -p vibelux --features remote --example remote_bytes -- https://host/a.mp3 s3://bucket/b.flac
//! ```
//!
//! Prints for each the requests, the bytes that came, the size of the file, and the milliseconds of looking into it and of
//! embedding it.

use std::path::Path;
use std::time::Instant;

use vibelux::library::FileFacts;
use vibelux::media::{self, traffic};
use vibelux::model::MusicModel;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = MusicModel::shipped()?;
    println!("requests\tbytes\tof\tshare\tms\taddress");
    for address in std::env::args().skip(1) {
        let path = Path::new(&address);
        let (before, start) = (traffic(), Instant::now());
        // Looked into first, as `vibelux embed` does.
        let _ = FileFacts::read(path);
        model.embed_song(path)?;
        let after = traffic();
        let (bytes, size) = (after.bytes - before.bytes, media::facts(path)?.size_bytes);
        println!(
            "{}\t{bytes}\t{size}\t{:.3}\t{:.0}\t{address}",
            after.requests - before.requests,
            bytes as f64 / size as f64,
            1000.0 * start.elapsed().as_secs_f64(),
        );
    }
    Ok(())
}
