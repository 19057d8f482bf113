//! Addresses of network cameras: which are opened, and how they are shown.

/// The addresses that are opened. ffmpeg knows many more, some of which read local files or run
/// lists of other addresses.
pub const SCHEMES: [&str; 6] = [
    "http://", "https://", "rtsp://", "rtsps://", "rtmp://", "udp://",
];

/// `rtsp://user:secret@host/` as `rtsp://host/`: errors end up in logs and bug reports.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_stay_out_of_names() {
        assert_eq!(
            without_password("rtsp://me:p@ss@cam:554/a@b"),
            "rtsp://cam:554/a@b"
        );
        assert_eq!(without_password("http://cam/?q=a@b"), "http://cam/?q=a@b");
        assert_eq!(without_password("http://me:pw@cam?x"), "http://cam?x");
    }
}
