//! What a browser sends: messages of the live camera, range headers.

use std::cell::RefCell;

use vibelux_server::fuzzing::{Camera, byte_range};

/// The messages of one camera: a byte says whether it is text (even) or a frame, two bytes how long it is,
/// then it follows. The camera must go on whatever it is sent.
pub fn live_frame(data: &[u8]) {
    orders_obeyed(data);
}

/// The same; how many text messages there were, and how many of them were obeyed.
pub(crate) fn orders_obeyed(mut data: &[u8]) -> (usize, usize) {
    thread_local! {
        static CAMERA: RefCell<Camera> = RefCell::new(Camera::new());
    }
    let (mut orders, mut obeyed) = (0, 0);
    CAMERA.with_borrow_mut(|camera| {
        while let [kind, high, low, rest @ ..] = data {
            let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
            let (message, after) = rest.split_at(length);
            match std::str::from_utf8(message) {
                // The socket itself refuses text that is not UTF-8.
                Ok(text) if kind % 2 == 0 => {
                    orders += 1;
                    obeyed += usize::from(camera.text(text));
                }
                _ => camera.frame(message.to_vec()),
            }
            data = after;
        }
    });
    (orders, obeyed)
}

/// A `Range` header behind eight bytes that say how long the song is.
pub fn range_header(data: &[u8]) {
    let Some((length, header)) = data.split_first_chunk() else {
        return;
    };
    let length_bytes = u64::from_be_bytes(*length);
    let header = String::from_utf8_lossy(header);
    if let Some(part) = byte_range(&header, length_bytes) {
        assert!(part.start() <= part.end() && *part.end() < length_bytes);
    }
    assert!(byte_range(&header, 0).is_none());
}
