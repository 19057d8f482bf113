//! The detector and the crop on real faces: FER2013's, enlarged and laid on a background.

#![allow(clippy::unwrap_used, clippy::panic)] // A helper of a test may fail like the test itself.

mod fer2013;

use std::path::PathBuf;

use image::GrayImage;
use image::imageops::{FilterType, overlay, resize};
use vibelux::detect::FaceDetector;
use vibelux::face::{
    Camera, CameraSource, Face, FaceBox, FaceImage, FaceQuality, GreyImage, Landmarks, load_picture,
};

const FRAME: (u32, u32) = (640, 480);

/// `count` validation faces spread over all classes, or none and a loud line.
fn faces(count: usize) -> Vec<GreyImage> {
    let Some(fer2013) = fer2013::folder() else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(fer2013.join("validation"))
        .into_iter()
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|e| e == "png"))
        .collect();
    assert!(paths.len() >= count, "{} pictures only", paths.len());
    paths.sort();
    let step = paths.len() / count;
    paths
        .iter()
        .step_by(step)
        .take(count)
        .map(|p| load_picture(p).unwrap())
        .collect()
}

/// The face enlarged to `side` pixels at `(x, y)` of a frame with a soft pattern.
fn frame_with(
    face: &GreyImage,
    side: u32,
    (x, y): (u32, u32),
    (width, height): (u32, u32),
) -> GreyImage {
    let mut frame = GrayImage::from_fn(width, height, |x, y| {
        let wave = (f64::from(x) / 37.0).sin() + (f64::from(y) / 23.0).cos();
        image::Luma([(120.0 + 30.0 * wave) as u8])
    });
    let small = GrayImage::from_raw(face.width, face.height, face.pixels.clone()).unwrap();
    let large = resize(&small, side, side, FilterType::CatmullRom);
    overlay(&mut frame, &large, i64::from(x), i64::from(y));
    GreyImage::new(width, height, frame.into_raw()).unwrap()
}

/// The pasted square as the detector should see it: the face of FER2013's usual picture.
fn expected_face(side: u32, (x, y): (u32, u32)) -> Face {
    let side = side as f32;
    let at = |across: f32, down: f32| [x as f32 + across * side, y as f32 + down * side];
    let [left, top] = at(0.09, -0.02);
    Face {
        bounds: FaceBox {
            x: left,
            y: top,
            width: 0.82 * side,
            height: 1.05 * side,
            score: 1.0,
        },
        landmarks: Landmarks {
            eyes: [at(0.31, 0.38), at(0.69, 0.38)],
            nose: at(0.5, 0.59),
            mouth: [at(0.35, 0.755), at(0.65, 0.755)],
        },
    }
}

fn overlap(a: &Face, b: &Face) -> f64 {
    a.bounds.intersection_over_union(&b.bounds)
}

/// The picture turned clockwise about its middle.
fn turned(picture: &GreyImage, degrees: f64) -> GreyImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (f64::from(picture.width), f64::from(picture.height));
    let mut pixels = Vec::new();
    for (y, x) in (0..picture.height).flat_map(|y| (0..picture.width).map(move |x| (y, x))) {
        let (x, y) = (f64::from(x) - width / 2.0, f64::from(y) - height / 2.0);
        let column = (x * cos + y * sin + width / 2.0).clamp(0.0, width - 1.0);
        let row = (y * cos - x * sin + height / 2.0).clamp(0.0, height - 1.0);
        let at = |column: f64, row: f64| {
            let column = column.min(width - 1.0) as usize;
            f64::from(
                picture.pixels[row.min(height - 1.0) as usize * picture.width as usize + column],
            )
        };
        let (across, down) = (column.fract(), row.fract());
        let upper = at(column, row) * (1.0 - across) + at(column + 1.0, row) * across;
        let lower = at(column, row + 1.0) * (1.0 - across) + at(column + 1.0, row + 1.0) * across;
        pixels.push((upper * (1.0 - down) + lower * down + 0.5) as u8);
    }
    GreyImage::new(picture.width, picture.height, pixels).unwrap()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn most_faces_are_found_where_they_are() {
    let faces = faces(200);
    if faces.is_empty() {
        return;
    }
    let mut detector = FaceDetector::new().unwrap();
    let (mut overlaps, mut shifts, mut sizes, mut errors) = (vec![], vec![], vec![], vec![]);
    let (mut across, mut down) = (vec![], vec![]);
    let (mut detected, mut strays) = (0, 0);
    for (i, face) in faces.iter().enumerate() {
        let side = 110 + (i as u32 * 37) % 200;
        let at = (
            (i as u32 * 61) % (FRAME.0 - side),
            (i as u32 * 43) % (FRAME.1 - side),
        );
        let frame = frame_with(face, side, at, FRAME);
        let found = detector.detect(&frame);
        let expected = expected_face(side, at);
        detected += usize::from(!found.is_empty());
        let overlap = |f: &Face| overlap(f, &expected);
        strays += found.iter().filter(|f| overlap(f) < 0.1).count();
        let best = found
            .iter()
            .max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
        let Some(best) = best.filter(|f| overlap(f) > 0.5) else {
            continue;
        };
        overlaps.push(overlap(best));
        let square = best.square();
        let half = f64::from(side) / 2.0;
        let (centre, wanted) = (
            square.centre,
            (f64::from(at.0) + half, f64::from(at.1) + half),
        );
        shifts.push((centre.0 - wanted.0).hypot(centre.1 - wanted.1) / f64::from(side));
        across.push((centre.0 - wanted.0) / f64::from(side));
        down.push((centre.1 - wanted.1) / f64::from(side));
        sizes.push(square.side / f64::from(side));
        let crop = FaceImage::crop(&frame, best);
        let off: u32 = crop
            .0
            .iter()
            .zip(&face.pixels)
            .map(|(&a, &b)| u32::from(a.abs_diff(b)))
            .sum();
        errors.push(f64::from(off) / crop.0.len() as f64);
    }
    let share = overlaps.len() as f64 / faces.len() as f64;
    println!(
        "{} faces: {detected} frames with a detection, {:.1} % found with IoU > 0.5, {strays} strays; medians: \
         IoU {:.3}, centre off by {:.3} sides ({:+.3} across, {:+.3} down), crop {:.3} of the pasted square, off by {:.1} grey steps",
        faces.len(),
        100.0 * share,
        median(&mut overlaps),
        median(&mut shifts),
        median(&mut across),
        median(&mut down),
        median(&mut sizes),
        median(&mut errors),
    );
    // FER2013 frames its faces loosely, so that an overlap of 0.5 with the ideal box is not given.
    assert!(detected >= 176, "only {detected} frames with a detection");
    assert!(share >= 0.80, "found only {share}");
    assert!(median(&mut overlaps) >= 0.75);
    assert!(median(&mut shifts) <= 0.08);
    assert!((0.9..=1.1).contains(&median(&mut sizes)));
    assert!(strays <= 4, "{strays} faces where there is none");
}

#[test]
fn faces_are_found_in_any_size_of_picture_and_the_largest_comes_first() {
    let faces = faces(30);
    if faces.is_empty() {
        return;
    }
    let mut detector = FaceDetector::new().unwrap();
    let (mut small, mut far, mut ordered, mut pairs) = (0, 0, 0, 0);
    for face in &faces {
        // The face alone, as FER2013 has it.
        small += usize::from(!detector.detect(face).is_empty());
        // A seventeenth of the side of a photograph.
        let photograph = frame_with(face, 140, (1500, 700), (2400, 1600));
        let expected = expected_face(140, (1500, 700));
        let found = detector.detect(&photograph);
        far += usize::from(found.iter().any(|f| overlap(f, &expected) > 0.5));
        // Two faces.
        let mut two = frame_with(face, 120, (40, 50), FRAME);
        let other = frame_with(face, 240, (360, 100), FRAME);
        for y in 0..480 {
            let half = y * 640 + 320..(y + 1) * 640;
            two.pixels[half.clone()].copy_from_slice(&other.pixels[half]);
        }
        if let [first, second, ..] = detector.detect(&two).as_slice() {
            pairs += 1;
            let (first, second) = (first.bounds, second.bounds);
            ordered += usize::from(first.side() >= second.side() && first.x > 300.0);
        }
    }
    println!(
        "of {}: {small} found alone in 48 px, {far} far away, {pairs} pairs",
        faces.len()
    );
    assert!(small >= 20, "{small}");
    assert!(far >= 20, "{far}");
    assert!(pairs >= 20, "{pairs}");
    assert_eq!(ordered, pairs);
}

#[test]
fn tilted_heads_are_found_and_turned_upright() {
    let faces = faces(60);
    if faces.is_empty() {
        return;
    }
    let mut detector = FaceDetector::new().unwrap();
    for degrees in [0.0, 15.0, -30.0, 45.0] {
        let (mut found, mut near, mut off) = (0, 0, Vec::new());
        for face in &faces {
            let side = 160;
            let frame = frame_with(face, side, (240, 160), FRAME);
            let frame = turned(&frame, degrees);
            let middle = (320.0, 240.0);
            let Some(seen) = detector.detect(&frame).into_iter().find(|seen| {
                let centre = seen.square().centre;
                (centre.0 - middle.0).hypot(centre.1 - middle.1) < f64::from(side) / 3.0
            }) else {
                continue;
            };
            found += 1;
            off.push((seen.landmarks.tilt().to_degrees() - degrees).abs());
            // Known faces are found where they were, as tilted as before.
            let again = detector.detect_near(&frame, &seen);
            near += usize::from(again.is_some_and(|again| overlap(&again, &seen) > 0.6));
        }
        let off = median(&mut off);
        println!(
            "tilted by {degrees}: {found} of {} found, {near} again near there, tilt off by {off:.1} degrees",
            faces.len()
        );
        assert!(found >= 45, "tilted by {degrees}: {found} found");
        assert!(
            near * 10 >= found * 9,
            "tilted by {degrees}: only {near} again"
        );
        assert!(off <= 10.0, "tilted by {degrees}: off by {off} degrees");
    }
}

#[test]
fn a_face_in_a_video_is_the_face_in_its_picture() {
    let faces = faces(30);
    if faces.is_empty() {
        return;
    }
    let mut detector = FaceDetector::new().unwrap();
    let stills = faces
        .iter()
        .map(|face| frame_with(face, 200, (150, 120), FRAME));
    let found = stills.into_iter().find_map(|still| {
        let face = detector.detect(&still).first().copied()?;
        Some((still, face))
    });
    let (still, face) = found.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (picture, video) = (dir.path().join("face.png"), dir.path().join("face.mp4"));
    let pixels = GrayImage::from_raw(still.width, still.height, still.pixels.clone()).unwrap();
    pixels.save(&picture).unwrap();
    let made = std::process::Command::new("ffmpeg")
        .args([
            "-loglevel",
            "error",
            "-nostdin",
            "-loop",
            "1",
            "-t",
            "1",
            "-i",
        ])
        .arg(&picture)
        .args(["-pix_fmt", "yuv420p"])
        .arg(&video)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no ffmpeg on this machine, so no face in a video");
        return;
    }
    let mut camera = Camera::open(&CameraSource::File(video)).unwrap();
    let frames = camera.frames_for(0.5).unwrap();
    assert_eq!(frames.len(), 15);
    let in_video = detector.detect(&frames[14]);
    // Compression moves the detector's box a little; the pixels below must not move.
    assert!(overlap(&in_video[0], &face) > 0.6);
    let (a, b) = (
        FaceImage::crop(&still, &face),
        FaceImage::crop(&frames[14], &face),
    );
    let off: u32 =
        a.0.iter()
            .zip(&b.0)
            .map(|(&p, &q)| u32::from(p.abs_diff(q)))
            .sum();
    assert!(off < 3 * 48 * 48, "{off}");
}

#[test]
fn blur_and_darkness_are_measured_on_real_faces() {
    let faces = faces(100);
    if faces.is_empty() {
        return;
    }
    let mut sharpness = Vec::new();
    for face in &faces {
        let image = GrayImage::from_raw(48, 48, face.pixels.clone()).unwrap();
        let blurred = image::imageops::blur(&image, 2.0);
        let as_grey = |image: &GrayImage| GreyImage::new(48, 48, image.as_raw().clone()).unwrap();
        let of =
            |image: &GrayImage| FaceQuality::measure(&as_grey(image), &expected_face(48, (0, 0)));
        let (sharp, soft) = (of(&image), of(&blurred));
        assert!(soft.sharpness < sharp.sharpness);
        assert!((sharp.brightness - soft.brightness).abs() < 4.0);
        sharpness.push((f64::from(sharp.sharpness), f64::from(soft.sharpness)));
    }
    let mut soft: Vec<_> = sharpness.iter().map(|s| s.1).collect();
    sharpness.sort_by(|a, b| a.0.total_cmp(&b.0));
    println!(
        "sharpness: 5th percentile {:.0}, median {:.0}; blurred (sigma 2 px) median {:.0}",
        sharpness[5].0,
        sharpness[50].0,
        median(&mut soft)
    );
}
