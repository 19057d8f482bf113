//! The page's files, the documentation, and everything that is not there.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::stand::Plan;

#[test]
fn the_page_is_served_and_kept_by_its_tag() {
    let stand = Plan::default().start();
    let page = stand.get("/");
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let html = String::from_utf8(page.body.clone()).unwrap();
    assert!(html.contains("VibeluX"));
    // The policy would keep these from running.
    assert!(!html.contains("<script>") && !html.contains("<style") && !html.contains(" onclick"));
    let tag = page.header("etag").unwrap();
    let again = stand
        .request("GET", "/")
        .header("If-None-Match", tag)
        .send();
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(stand.get("/assets/index.html").body, page.body);
    assert_eq!(stand.request("HEAD", "/").send().status, 200);
}

#[test]
fn nothing_but_the_pages_files_is_served() {
    let stand = Plan::default().start();
    for target in [
        "/assets/",
        "/assets/absent.js",
        "/assets/../Cargo.toml",
        "/assets/..%2fCargo.toml",
        "/assets/%2e%2e/Cargo.toml",
        "/assets/%2e%2e%2fsrc%2flib.rs",
        "/assets/..%5cCargo.toml",
        "/assets/%252e%252e%252fCargo.toml",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/index.html%00.js",
        "/assets/.hidden.js",
        "/../../etc/passwd",
        "/index.html",
        "/etc/passwd",
        "/api/v1",
        "/api/v2/status",
        "/api/v1/../../assets/index.html",
    ] {
        let answer = stand.get(target);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "not_found"),
            "{target}"
        );
    }
    let wrong = stand.request("DELETE", "/").send();
    assert_eq!((wrong.status, wrong.code().as_str()), (405, "wrong_method"));
    assert_eq!(
        stand.post("/api/v1/status", &serde_json::json!({})).status,
        405
    );
}

#[test]
fn text_is_compressed_where_that_is_taken() {
    let stand = Plan::default().start();
    let target = "/api/v1/openapi.json";
    let plain = stand.get(target);
    assert!(plain.header("content-encoding").is_none());
    let packed = stand
        .request("GET", target)
        .header("Accept-Encoding", "gzip, br")
        .send();
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.header("vary").unwrap().contains("accept-encoding"));
    assert!(packed.body.len() * 3 < plain.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.body.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, plain.body);
}

#[test]
fn the_documentation_names_every_address_and_no_other() {
    let stand = Plan::songs().start();
    let document = stand.get("/api/v1/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    let id = stand.id("Thunder");
    for (path, item) in paths {
        let target = format!("/api/v1{}", path.replace("{id}", &id));
        for method in ["GET", "PUT", "POST", "DELETE"] {
            let documented = item.get(method.to_lowercase()).is_some();
            let status = stand.request(method, &target).send().status;
            assert_eq!(status != 405, documented, "{method} {path}: {status}");
        }
    }
    // As many as the router has: a new one must be documented.
    let router = include_str!("../../src/routes/mod.rs");
    // The owner's, then everybody's; last is what is no API.
    let parts: Vec<&str> = router.split("Router::new()").collect();
    let api = parts[1..parts.len() - 1].concat();
    assert_eq!(api.matches(".route(").count(), paths.len());

    let page = stand.get("/api/docs");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        String::from_utf8(page.body)
            .unwrap()
            .contains("/api/v1/songs/{id}/curve")
    );
    let style = stand.get("/api/docs.css");
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
}

#[test]
fn a_picture_is_read_and_what_is_none_is_said() {
    let stand = Plan::default().start();
    let analyse = |body: &[u8]| stand.request("POST", "/api/v1/analyse").body(body).send();
    let empty = analyse(&crate::faces::frame(&[])).json();
    assert_eq!(
        (&empty["width"], &empty["faces"]),
        (&serde_json::json!(640), &serde_json::json!([]))
    );
    for (body, status, code) in [
        (b"".as_slice(), 400, "empty_picture"),
        (b"a letter, and no picture", 415, "unsupported_picture"),
        (b"GIF89a\x01\0\x01\0", 400, "damaged_picture"),
        // As large as a photograph may be.
        (&vec![b'x'; 11 << 20], 415, "unsupported_picture"),
        (b"\xff\xd8\xff\xe0 cut off", 400, "damaged_picture"),
    ] {
        let answer = analyse(body);
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    let faces = crate::faces::expression("happy", 1);
    let [face] = faces.as_slice() else { return };
    let found = analyse(&crate::faces::frame(&[(face, 200, (220, 140))])).json();
    assert_eq!(found["faces"].as_array().unwrap().len(), 1);
    let face = &found["faces"][0];
    assert!((0.7..=1.0).contains(&face["score"].as_f64().unwrap()));
    let close = |got: &serde_json::Value, expected: f64| {
        assert!((got.as_f64().unwrap() - expected).abs() < 30.0, "{face}");
    };
    close(&face["box"]["x"], 240.0);
    close(&face["landmarks"]["nose"][0], 320.0);
    assert_eq!(face["vector"].as_object().unwrap().len(), 7);
    assert!(face["quality"]["side_px"].as_f64().unwrap() > 100.0);
    assert!(found["timings_seconds"]["detect"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_picture_that_browsers_cannot_show_comes_back_as_one_that_they_can() {
    let stand = Plan::default().start();
    let preview = |body: &[u8]| stand.request("POST", "/api/v1/preview").body(body).send();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vibelux/tests/golden/face");
    for (name, size) in [("tiled.heic", (80, 100)), ("420.avif", (64, 48))] {
        let answer = preview(&std::fs::read(golden.join(name)).unwrap());
        assert_eq!(answer.header("content-type"), Some("image/jpeg"), "{name}");
        let shown = image::load_from_memory(&answer.body).unwrap();
        assert_eq!((shown.width(), shown.height()), size, "{name}");
    }
    // A large one is scaled down.
    let large = image::GrayImage::from_fn(2560, 100, |x, _| image::Luma([(x / 10) as u8]));
    let mut bmp = std::io::Cursor::new(Vec::new());
    large.write_to(&mut bmp, image::ImageFormat::Bmp).unwrap();
    let shown = image::load_from_memory(&preview(bmp.get_ref()).body).unwrap();
    assert_eq!((shown.width(), shown.height()), (1280, 50));
    let none = preview(b"a letter");
    assert_eq!(
        (none.status, none.code().as_str()),
        (415, "unsupported_picture")
    );
}
