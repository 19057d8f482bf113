//! [`Tracks`]: which face of a frame is which of the frames before, each with a filter of its own.

use vibelux::EmotionVector;
use vibelux::face::{Face, FaceBox};
use vibelux::mood::{MoodConfig, MoodFilter, Reading};

/// A box that overlaps at least this much (intersection over union) with a track's last is its face.
const LEAST_OVERLAP: f64 = 0.3;

/// A new face must be this certain; the detector reports known ones from 0.5 on.
const LEAST_NEW_SCORE: f64 = 0.75;

/// So long after it was lost, a face that comes back near there is the same person, in seconds.
const NEAR_SECONDS: f64 = 3.0;

/// So long the only person who was there is the only person who is there, in seconds.
const ALONE_SECONDS: f64 = 60.0;

/// A box that overlaps this much with the one before has not moved: what differs is the detector's
/// trembling, and half of it is taken away.
const STILL_OVERLAP: f64 = 0.7;

/// One person's face.
#[derive(Debug)]
pub struct Track {
    /// Counts from 1; never used again.
    pub id: u32,
    /// Where the face was last.
    pub face: Face,
    /// When that was, in seconds.
    pub seen: f64,
    /// Its mood.
    pub filter: MoodFilter,
}

impl Track {
    /// What its filter says; before any good reading, `vector` as it is.
    pub fn reading(&self, vector: &EmotionVector) -> Reading {
        self.filter.reading().unwrap_or(Reading {
            bars: *vector,
            mood: *vector,
        })
    }
}

/// All people who are there, or were a moment ago.
#[derive(Debug, Default)]
pub struct Tracks {
    tracks: Vec<Track>,
    last_id: u32,
    config: MoodConfig,
}

impl Tracks {
    /// How all faces are smoothed from now on.
    pub fn configure(&mut self, config: MoodConfig) {
        for track in &mut self.tracks {
            track.filter.configure(config.clone());
        }
        self.config = config;
    }

    /// How faces are smoothed.
    pub fn config(&self) -> &MoodConfig {
        &self.config
    }

    /// Everybody who is remembered.
    pub fn all(&mut self) -> &mut [Track] {
        &mut self.tracks
    }

    /// The track of this number, if it is remembered.
    pub fn get(&self, id: u32) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }

    /// The faces of those who were in the frame at `seconds`.
    pub fn faces_at(&self, seconds: f64) -> Vec<Face> {
        let there = self.tracks.iter().filter(|track| track.seen == seconds);
        there.map(|track| track.face).collect()
    }

    /// Gives each face of a frame to its track, old or new, and forgets who has been away for long.
    /// Returns the track's number for each face; `None` for one that is too uncertain to be new.
    pub fn assign(&mut self, seconds: f64, faces: &[Face]) -> Vec<Option<u32>> {
        self.tracks
            .retain(|track| seconds - track.seen <= ALONE_SECONDS);
        let mut owners: Vec<Option<u32>> = vec![None; faces.len()];
        let mut pairs = Vec::new();
        for (i, face) in faces.iter().enumerate() {
            for track in self
                .tracks
                .iter()
                .filter(|t| seconds - t.seen <= NEAR_SECONDS)
            {
                let (face, last) = (&face.bounds, &track.face.bounds);
                let overlap = face.intersection_over_union(last);
                // Somebody who moved while he could not be seen overlaps with nothing.
                let near = is_near(face, last);
                if overlap >= LEAST_OVERLAP || near {
                    pairs.push((overlap, i, track.id));
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, i, id) in pairs {
            if owners[i].is_none() && !owners.contains(&Some(id)) {
                owners[i] = Some(id);
            }
        }
        if let ([owner @ None], [track]) = (owners.as_mut_slice(), self.tracks.as_slice()) {
            *owner = Some(track.id);
        }
        for (owner, face) in owners.iter_mut().zip(faces) {
            match *owner {
                Some(id) => self.move_to(id, seconds, face),
                None if face.bounds.score >= LEAST_NEW_SCORE => {
                    *owner = Some(self.begin(seconds, face));
                }
                None => {}
            }
        }
        owners
    }

    fn move_to(&mut self, id: u32, seconds: f64, face: &Face) {
        let Some(track) = self.tracks.iter_mut().find(|track| track.id == id) else {
            return;
        };
        track.seen = seconds;
        let overlap = face.bounds.intersection_over_union(&track.face.bounds);
        track.face = if overlap >= STILL_OVERLAP {
            between(&track.face, face)
        } else {
            *face
        };
    }

    fn begin(&mut self, seconds: f64, face: &Face) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.tracks.push(Track {
            id: self.last_id,
            face: *face,
            seen: seconds,
            filter: MoodFilter::new(self.config.clone()),
        });
        self.last_id
    }
}

/// Whether a face of about the same size is no further than its own side from where another was.
fn is_near(face: &FaceBox, last: &FaceBox) -> bool {
    let ((x, y), (last_x, last_y)) = (face.centre(), last.centre());
    let ratio = face.side() / last.side();
    (x - last_x).hypot(y - last_y) <= last.side() && (0.6..=1.7).contains(&ratio)
}

fn between(a: &Face, b: &Face) -> Face {
    Face {
        bounds: FaceBox {
            x: f32::midpoint(a.bounds.x, b.bounds.x),
            y: f32::midpoint(a.bounds.y, b.bounds.y),
            width: f32::midpoint(a.bounds.width, b.bounds.width),
            height: f32::midpoint(a.bounds.height, b.bounds.height),
            score: b.bounds.score,
        },
        landmarks: a.landmarks.between(&b.landmarks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vibelux::face::Landmarks;

    fn face(x: f32, side: f32, score: f64) -> Face {
        let at = |across: f32, down: f32| [x + across * side, 50.0 + down * side];
        Face {
            bounds: FaceBox {
                x,
                y: 50.0,
                width: side,
                height: side,
                score,
            },
            landmarks: Landmarks {
                eyes: [at(0.3, 0.35), at(0.7, 0.35)],
                nose: at(0.5, 0.55),
                mouth: [at(0.35, 0.75), at(0.65, 0.75)],
            },
        }
    }

    #[test]
    fn faces_keep_their_numbers_while_they_move() {
        let mut tracks = Tracks::default();
        assert_eq!(
            tracks.assign(0.0, &[face(300.0, 110.0, 0.9), face(10.0, 100.0, 0.9)]),
            [Some(1), Some(2)]
        );
        // The order of the detector's boxes does not matter.
        for step in 1..20_u8 {
            let (seconds, moved) = (f64::from(step) * 0.1, f32::from(step) * 8.0);
            let faces = [face(10.0 + moved, 100.0, 0.9), face(300.0, 110.0, 0.9)];
            assert_eq!(tracks.assign(seconds, &faces), [Some(2), Some(1)]);
        }
        assert_eq!(tracks.faces_at(f64::from(19_u8) * 0.1).len(), 2);
    }

    #[test]
    fn an_uncertain_face_is_nobody_new_but_may_be_somebody_known() {
        let mut tracks = Tracks::default();
        assert_eq!(tracks.assign(0.0, &[face(10.0, 100.0, 0.6)]), [None]);
        assert_eq!(tracks.assign(0.1, &[face(10.0, 100.0, 0.8)]), [Some(1)]);
        assert_eq!(tracks.assign(0.2, &[face(12.0, 100.0, 0.55)]), [Some(1)]);
    }

    #[test]
    fn who_comes_back_is_known_for_a_while() {
        let mut tracks = Tracks::default();
        let two = [face(10.0, 100.0, 0.9), face(400.0, 100.0, 0.9)];
        assert_eq!(tracks.assign(0.0, &two), [Some(1), Some(2)]);
        // Looked away, and leaned to the side meanwhile.
        assert_eq!(tracks.assign(2.0, &[face(90.0, 100.0, 0.9)]), [Some(1)]);
        // Too far from where anybody was, or too late.
        assert_eq!(tracks.assign(2.1, &[face(250.0, 100.0, 0.9)]), [Some(3)]);
        assert_eq!(tracks.assign(9.0, &[face(10.0, 100.0, 0.9)]), [Some(4)]);
    }

    #[test]
    fn the_only_person_is_known_for_longer() {
        let mut tracks = Tracks::default();
        assert_eq!(tracks.assign(0.0, &[face(10.0, 100.0, 0.9)]), [Some(1)]);
        assert_eq!(tracks.assign(30.0, &[face(400.0, 160.0, 0.9)]), [Some(1)]);
        assert_eq!(tracks.assign(91.0, &[face(400.0, 160.0, 0.9)]), [Some(2)]);
    }

    #[test]
    fn trembling_is_damped_and_moving_is_not() {
        let mut tracks = Tracks::default();
        tracks.assign(0.0, &[face(100.0, 100.0, 0.9)]);
        tracks.assign(0.1, &[face(104.0, 100.0, 0.9)]);
        assert_eq!(tracks.faces_at(0.1)[0].bounds.x, 102.0);
        tracks.assign(0.2, &[face(150.0, 100.0, 0.9)]);
        assert_eq!(tracks.faces_at(0.2)[0].bounds.x, 150.0);
    }
}
