//! The least HTTP/1.1 server that `lambda_runtime` and the AWS SDKs will talk to: keep-alive,
//! bodies with a Content-Length or in chunks, one thread a connection, loopback only.
//!
//! It exists so that tests and benches can stand in for the far end of a socket without an async
//! runtime of their own: what is under test is then a real process and a real client, and the
//! standard library is all that is added to a measurement.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// The largest body taken, in bytes: an upload of the largest package (250 MiB) and its framing.
const MAX_BODY_BYTES: usize = 256 * 1024 * 1024;

/// One request as it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The method in capitals.
    pub method: String,
    /// The path as sent: percent-encoded, without the query.
    pub path: String,
    /// The query as sent, without the question mark; empty when there is none.
    pub query: String,
    /// Header names in lower case, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body with its transfer coding undone.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this (lower case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// The value of a query parameter as sent; empty for one without a value (`?versioning`).
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// One answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code, 100 to 599.
    pub status: u16,
    /// Headers besides Content-Length, which the server adds. After `connection: close` it hangs
    /// up, wherever the body has got to.
    pub headers: Vec<(String, String)>,
    /// The body, sent whole.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer with a status and a body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The first header of this (lower case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

fn first<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(header, _)| header == name)?;
    Some(&found.1)
}

/// A listening server; it stops listening when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
}

impl Server {
    /// Listens on a free port of the loopback interface and answers with `handle`, which is called
    /// from the connection's own thread and may block.
    pub fn start<H>(handle: H) -> io::Result<Self>
    where
        H: Fn(Request) -> Response + Send + Sync + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let handle = Arc::new(handle);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let handle = Arc::clone(&handle);
                // A broken connection ends its thread; the client sees it, which is enough.
                thread::spawn(move || serve(&stream, &*handle));
            }
        });
        Ok(Self { address, stopping })
    }

    /// Where it listens: `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        // The accepting thread wakes up for one more connection and then sees the flag.
        let _woken = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

fn serve(stream: &TcpStream, handle: &dyn Fn(Request) -> Response) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(mut request) = read_head(&mut reader)? {
        if request
            .header("expect")
            .is_some_and(|e| e.eq_ignore_ascii_case("100-continue"))
        {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.body = read_body(&request, &mut reader)?;
        let bodiless = request.method == "HEAD";
        let response = handle(request);
        write_response(writer, &response, bodiless)?;
        if response.header("connection") == Some("close") {
            break;
        }
    }
    Ok(())
}

/// The request line and headers, or nothing when the client hung up between two requests.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some(line) = read_line(reader)? else {
        return Ok(None);
    };
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(invalid("request line"));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        ..Request::default()
    };
    loop {
        let line = read_line(reader)?.ok_or_else(|| invalid("headers cut short"))?;
        if line.is_empty() {
            return Ok(Some(request));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("header"))?;
        request
            .headers
            .push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_body(request: &Request, reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let chunked = request
        .header("transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    if chunked {
        return read_chunks(reader);
    }
    let length = match request.header("content-length") {
        Some(length) => length.parse().map_err(|_| invalid("content-length"))?,
        None => 0,
    };
    read_exactly(reader, length)
}

/// Chunked coding (RFC 9112 section 7.1). The AWS SDKs' `aws-chunked` content coding has the same
/// shape, so a fake S3 can use this on a body once more.
pub(crate) fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or_else(|| invalid("chunks cut short"))?;
        let size = line.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(|_| invalid("chunk size"))?;
        if size == 0 {
            // Trailers, if any, up to the empty line or the end.
            while read_line(reader)?.is_some_and(|trailer| !trailer.is_empty()) {}
            return Ok(body);
        }
        body.extend(read_exactly(reader, size)?);
        read_line(reader)?;
    }
}

fn read_exactly(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    if length > MAX_BODY_BYTES {
        return Err(invalid("body too large"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn write_response(mut writer: &TcpStream, response: &Response, bodiless: bool) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} \r\n", response.status);
    for (name, value) in &response.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    // A HEAD answer's own Content-Length says how long the body of a GET would be.
    let told = response.header("content-length").is_some();
    if !told && response.status != 204 && response.status != 304 {
        head.extend(["content-length: ", &response.body.len().to_string(), "\r\n"]);
    }
    head.push_str("\r\n");
    writer.write_all(head.as_bytes())?;
    if !bodiless {
        writer.write_all(&response.body)?;
    }
    writer.flush()
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends raw bytes, hangs up the sending side, and reads all that comes back.
    fn exchange(server: &Server, sent: &str) -> String {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn echo() -> Server {
        Server::start(|request| {
            let told = format!("{} {} {}|", request.method, request.path, request.query);
            Response::new(200, [told.into_bytes(), request.body].concat()).with("x-a", "b")
        })
        .unwrap()
    }

    #[test]
    fn two_requests_on_one_connection_are_both_answered() {
        let answer = exchange(
            &echo(),
            "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\nPOST /d HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi",
        );
        assert!(
            answer.contains("x-a: b\r\ncontent-length: 11\r\n\r\nGET /a b=c|"),
            "{answer}"
        );
        assert!(answer.ends_with("POST /d |hi"), "{answer}");
    }

    #[test]
    fn chunks_are_joined() {
        let answer = exchange(
            &echo(),
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        );
        assert!(answer.ends_with("PUT / |abcde"), "{answer}");
    }

    #[test]
    fn head_answer_has_no_body() {
        let answer = exchange(&echo(), "HEAD / HTTP/1.1\r\n\r\n");
        assert!(answer.ends_with("content-length: 8\r\n\r\n"), "{answer}");
    }

    #[test]
    fn query_values_are_found_with_and_without_a_value() {
        let request = Request {
            query: "versioning&prefix=a%2F".to_owned(),
            ..Request::default()
        };
        assert_eq!(request.query_value("versioning"), Some(""));
        assert_eq!(request.query_value("prefix"), Some("a%2F"));
        assert_eq!(request.query_value("pre"), None);
    }

    #[test]
    fn dropped_server_takes_no_more_connections() {
        let server = echo();
        let address = server.address();
        drop(server);
        let refused = (0..3_000).any(|_| {
            thread::sleep(Duration::from_millis(20));
            TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err()
        });
        assert!(refused);
    }
}
