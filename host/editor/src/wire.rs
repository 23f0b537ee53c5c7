//! Messages on streams of bytes. One that cannot be read is answered or told, and the next ones are read: an editor that
//! writes half a character must not lose its server.
//!
//! It must not know what a message is about.

use std::io::{self, BufRead, Read, Write};
use std::thread::{Builder, JoinHandle};

use lsp_server::{Connection, ErrorCode, Message, Notification, RequestId, Response};
use lsp_types::notification::{Notification as _, ShowMessage};
use lsp_types::{MessageType, ShowMessageParams};
use serde_json::Value;

/// What moves messages between the streams and the connection.
pub struct Threads {
    reader: JoinHandle<io::Result<()>>,
    writer: JoinHandle<io::Result<()>>,
}

impl Threads {
    /// Waits until the editor has got everything.
    ///
    /// # Errors
    /// A stream broke.
    pub fn join(self) -> io::Result<()> {
        for thread in [self.reader, self.writer] {
            thread.join().map_err(|_| io::Error::other("a thread ended too early"))??;
        }
        Ok(())
    }
}

/// A connection to the editor at the other end of the streams.
///
/// # Errors
/// The system starts no thread.
pub fn connect(
    mut input: impl BufRead + Send + 'static,
    mut output: impl Write + Send + 'static,
) -> io::Result<(Connection, Threads)> {
    let (server, Connection { sender, receiver }) = Connection::memory();
    let answers = server.sender.clone();
    let reader = Builder::new().name("reader".into()).spawn(move || {
        while let Some(text) = frame(&mut input)? {
            let is_exit = |message: &Message| matches!(message, Message::Notification(it) if it.method == "exit");
            let (is_last, sent) = match message(&text) {
                Ok(message) => (is_exit(&message), sender.send(message)),
                Err(complaint) => (false, answers.send(complaint)),
            };
            if is_last || sent.is_err() {
                break;
            }
        }
        Ok(())
    })?;
    let writer = Builder::new()
        .name("writer".into())
        .spawn(move || receiver.into_iter().try_for_each(|message| message.write(&mut output)))?;
    Ok((server, Threads { reader, writer }))
}

/// The text of the next message; none at the end.
fn frame(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let invalid = |line: &str| io::Error::new(io::ErrorKind::InvalidData, format!("not a header: {line:?}"));
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid(line))?;
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse::<u64>().map_err(|_| invalid(line))?);
        }
    }
    let length = length.ok_or_else(|| invalid("no Content-Length"))?;
    let mut text = Vec::new();
    let read = input.take(length).read_to_end(&mut text)?;
    Ok((read as u64 == length).then_some(text))
}

/// The message, or what the editor is told of one that cannot be read.
fn message(text: &[u8]) -> Result<Message, Message> {
    let text = String::from_utf8_lossy(text);
    let text = paired(&text);
    serde_json::from_str(&text).map_err(|cause| {
        let complaint = format!("a message cannot be read: {cause}");
        let id = serde_json::from_str(&text).ok().and_then(|message: Value| id(message.get("id")?));
        match id {
            Some(id) => Response::new_err(id, ErrorCode::InvalidRequest as i32, complaint).into(),
            None => {
                let params = ShowMessageParams { typ: MessageType::ERROR, message: complaint };
                Notification::new(ShowMessage::METHOD.to_owned(), params).into()
            }
        }
    })
}

fn id(value: &Value) -> Option<RequestId> {
    let number = value.as_i64().and_then(|number| i32::try_from(number).ok()).map(RequestId::from);
    number.or_else(|| value.as_str().map(|text| RequestId::from(text.to_owned())))
}

/// JSON without halves of surrogate pairs. Editors keep text as UTF-16 and may send a half; when they save, they write
/// U+FFFD for it, which has one unit too, so that columns stay the same.
fn paired(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.find('\\').map(|at| rest.split_at(at)) {
        whole.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                whole.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            _ => escape.chars().take(2).map(char::len_utf8).sum(),
        };
        let (escape, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        whole.push_str(escape);
        rest = behind;
    }
    whole.push_str(rest);
    whole
}

/// The unit of UTF-16 that an escape at the start of the text stands for.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn framed(texts: &[&str]) -> Vec<u8> {
        let frames = texts.iter().map(|text| format!("Content-Length: {}\r\n\r\n{text}", text.len()));
        frames.collect::<String>().into_bytes()
    }

    #[test]
    fn halves_of_pairs_are_replaced_and_whole_ones_stay() {
        for (text, expected) in [
            (r#""\ud800""#, r#""\ufffd""#),
            (r#""\uDC00\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud800\ud83d\ude00\u00e9""#, r#""\ufffd\ud83d\ude00\u00e9""#),
            (r#""\\ud800 \n\\""#, r#""\\ud800 \n\\""#),
            (r#""\ud800é""#, r#""\ufffdé""#),
            (r#""\ud8"#, r#""\ud8"#),
            ("\"\\é\\", "\"\\é\\"),
        ] {
            assert_eq!(paired(text), expected);
        }
    }

    #[test]
    fn a_message_that_cannot_be_read_is_answered_and_the_next_ones_are_read() {
        let input = framed(&[
            r#"{"jsonrpc": "2.0", "id": 1, "method": 5}"#,
            "{",
            r#"{"jsonrpc": "2.0", "method": "a", "params": {"text": "\ud800"}}"#,
            r#"{"jsonrpc": "2.0", "method": "exit"}"#,
        ]);
        let (connection, threads) = connect(Cursor::new(input), io::sink()).unwrap();
        let heard: Vec<Message> = connection.receiver.iter().collect();
        let [Message::Notification(first), Message::Notification(last)] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((first.params["text"].as_str(), &*last.method), (Some("\u{fffd}"), "exit"));
        drop(connection);
        threads.join().unwrap();
        let complaint = message(br#"{"jsonrpc": "2.0", "id": "b", "method": 5}"#).unwrap_err();
        let Message::Response(response) = complaint else { panic!("{complaint:?}") };
        assert_eq!(response.id, RequestId::from("b".to_owned()));
        assert!(matches!(message(b"{").unwrap_err(), Message::Notification(_)));
    }

    #[test]
    fn a_stream_that_ends_early_ends_and_a_length_is_no_promise() {
        let ends = |text: &str| frame(&mut Cursor::new(text.as_bytes().to_vec())).unwrap();
        assert_eq!(ends("Content-Length: 9999999999999\r\n\r\n{}"), None);
        assert_eq!(ends("content-length: 2\r\nContent-Type: x\r\n\r\n{}"), Some(b"{}".to_vec()));
        assert!(frame(&mut Cursor::new(b"nonsense\r\n\r\n".to_vec())).is_err());
    }
}
