//! What a guest writes for people to read, bounded. It is kept as it came: whoever shows it escapes it.

/// A log that drops what is above its limit.
pub(crate) struct Log {
    bytes: Vec<u8>,
    limit: usize,
}

impl Log {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Appends a line, which may lack its end.
    pub(crate) fn line(&mut self, bytes: &[u8]) {
        self.write(bytes);
        if !bytes.ends_with(b"\n") {
            self.write(b"\n");
        }
    }

    /// The text, what is not UTF-8 replaced.
    pub(crate) fn into_text(self) -> String {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        // One stray byte becomes a replacement character of three.
        text.truncate(text.floor_char_boundary(self.limit));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_at_the_limit() {
        let mut log = Log::new(10);
        for _ in 0..1_000 {
            log.line(b"flood");
        }
        assert_eq!(log.into_text(), "flood\nfloo");
    }

    #[test]
    fn bytes_that_are_no_text_do_not_grow_past_the_limit() {
        let mut log = Log::new(8);
        log.write(&[0xFF; 100]);
        assert_eq!(log.into_text(), "\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn each_line_ends_once() {
        let mut log = Log::new(100);
        log.line(b"one");
        log.line(b"two\n");
        log.line(b"");
        assert_eq!(log.into_text(), "one\ntwo\n\n");
    }
}
