//! What is measured of a song's sound.

use crate::audio::put_music;
use crate::stand::Plan;

#[test]
fn a_songs_sound_is_measured_and_what_is_no_sound_is_not() {
    let stand = Plan::songs()
        .song("piece.wav", "Composed", "Nobody", "happy")
        .start();
    put_music(&stand, "piece.wav");
    let target = format!("/api/v1/audio-features/{}", stand.id("Composed"));
    let first = stand.get(&target);
    assert_eq!(first.status, 200);
    let features = first.json();
    assert_eq!(features["type"], "audio_features");
    let number = |name: &str| features[name].as_f64().unwrap();
    assert!((30.0..=300.0).contains(&number("tempo")), "{features}");
    for share in ["energy", "valence", "pulse_clarity", "key_confidence"] {
        assert!((0.0..=1.0).contains(&number(share)), "{share}: {features}");
    }
    assert!((0.0..12.0).contains(&number("key")));
    // What is not measured is absent.
    assert!(features.get("danceability").is_none());
    assert_eq!(stand.get(&target).body, first.body);
    let broken = format!("/api/v1/audio-features/{}", stand.id("Dull Rain"));
    let broken = stand.get(&broken);
    assert_eq!(
        (broken.status, broken.code().as_str()),
        (422, "unmeasurable")
    );
    let place = stand.music();
    let body = String::from_utf8(broken.body).unwrap();
    assert!(!body.contains(place.to_str().unwrap()), "{body}");
    let unknown = format!("/api/v1/audio-features/{}", "0".repeat(32));
    assert_eq!(stand.get(&unknown).status, 404);
}
