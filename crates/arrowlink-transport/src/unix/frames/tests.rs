//! Every byte of a connection but those of an `:authority` passes as it came, however the bytes are cut.

use http::uri::Authority;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::sample::Index;

use super::{CONTINUATION, END_HEADERS, Frames, HEADERS, PADDED, PREFACE, PRIORITY, PUSH_PROMISE};

const DATA: u8 = 0;
const SETTINGS: u8 = 4;
/// How grpcio calls the server at `/tmp/a.sock`.
const PATH: &[u8] = b"%2Ftmp%2Fa.sock";
const AMENDED: &[u8] = b"-2Ftmp-2Fa.sock";

/// Bytes as a client sends them, and as they are to arrive.
#[derive(Clone, Debug, Default, PartialEq)]
struct Pair {
    sent: Vec<u8>,
    wanted: Vec<u8>,
}

impl Pair {
    fn same(bytes: &[u8]) -> Self {
        Self { sent: bytes.to_vec(), wanted: bytes.to_vec() }
    }

    fn join(pairs: impl IntoIterator<Item = Self>) -> Self {
        pairs.into_iter().fold(Self::default(), |mut all, pair| {
            all.sent.extend(pair.sent);
            all.wanted.extend(pair.wanted);
            all
        })
    }

    /// Splits it in two, at a place that is given as a share of its length.
    fn cut(&self, at: Index) -> (Self, Self) {
        let at = at.index(self.sent.len() + 1);
        let part = |range: std::ops::Range<usize>| Self {
            sent: self.sent[range.clone()].to_vec(),
            wanted: self.wanted[range].to_vec(),
        };
        (part(0..at), part(at..self.sent.len()))
    }

    fn framed(&self, kind: u8, flags: u8) -> Self {
        let mut head = u32::try_from(self.sent.len()).unwrap().to_be_bytes()[1..].to_vec();
        head.extend([kind, flags, 0, 0, 0, 1]);
        Self::join([Self::same(&head), self.clone()])
    }
}

/// An integer after `bits` bits of a byte that begins with `first`.
fn integer(first: u8, bits: u32, mut value: usize) -> Vec<u8> {
    let most = (1 << bits) - 1;
    if value < most {
        return vec![first | u8::try_from(value).unwrap()];
    }
    let mut bytes = vec![first | u8::try_from(most).unwrap()];
    value -= most;
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [integer(0, 7, bytes.len()), bytes.to_vec()].concat()
}

/// What a Huffman-coded string looks like to one who does not decode it.
fn huffman(bytes: &[u8]) -> Vec<u8> {
    [integer(0x80, 7, bytes.len()), bytes.to_vec()].concat()
}

/// The ways to begin a literal field: with indexing, without, and never indexed.
const LITERALS: [(u8, u32); 3] = [(0x40, 6), (0, 4), (0x10, 4)];

/// The authority `sent`, which is to arrive as `wanted`, in all ways that a literal can be written.
fn authorities(sent: &[u8], wanted: &[u8]) -> Vec<Pair> {
    let names = |(first, bits)| [integer(first, bits, 1), [vec![first], text(b":authority")].concat()];
    let field =
        |name: Vec<u8>| Pair::join([Pair::same(&name), Pair { sent: text(sent), wanted: text(wanted) }]);
    LITERALS.into_iter().flat_map(names).map(field).collect()
}

/// Fields that look like the one that is sought, and are others.
fn others() -> Vec<Pair> {
    [
        vec![0x81],
        integer(0x80, 7, 300),
        integer(0x20, 5, 4096),
        [integer(0x40, 6, 4), text(b"/%/")].concat(),
        [integer(0x40, 6, 200), text(b"%")].concat(),
        [vec![0], text(b":authoritx"), text(b"/")].concat(),
        [vec![0x10], text(b":authorit"), text(b"/")].concat(),
        [vec![0x40], text(b":authority2"), text(b"%")].concat(),
        [vec![0x40], text(b""), text(PATH)].concat(),
        [vec![0x40], huffman(b":authority"), text(b"/")].concat(),
        [vec![0], text(&[b'%'; 300]), text(&[b'/'; 300])].concat(),
        [integer(0x40, 6, 1), huffman(b"/%")].concat(),
        [integer(0x40, 6, 1), text(b"")].concat(),
    ]
    .iter()
    .map(|bytes| Pair::same(bytes))
    .collect()
}

/// A header block in one frame, padded and with a priority where the flags say so.
fn headers(block: &Pair, flags: u8) -> Pair {
    let length: &[u8] = if flags & PADDED != 0 { &[3] } else { &[] };
    let priority: &[u8] = if flags & PRIORITY != 0 { b"/////" } else { &[] };
    let padding: &[u8] = if flags & PADDED != 0 { b"%/%" } else { &[] };
    let whole = [Pair::same(length), Pair::same(priority), block.clone(), Pair::same(padding)];
    Pair::join(whole).framed(HEADERS, flags)
}

fn connection(frames: impl IntoIterator<Item = Pair>) -> Pair {
    Pair::join([Pair::same(PREFACE)].into_iter().chain(frames))
}

/// Amends `bytes` that come cut into pieces of those lengths; the rest comes at once.
fn amended(bytes: &[u8], lengths: impl IntoIterator<Item = usize>) -> Vec<u8> {
    let (mut bytes, mut frames) = (bytes.to_vec(), Frames::default());
    let mut rest = bytes.as_mut_slice();
    for length in lengths {
        let (piece, after) = rest.split_at_mut(length.min(rest.len()));
        frames.amend(piece);
        rest = after;
    }
    frames.amend(rest);
    bytes
}

/// Checks that a connection arrives as it is to, whole, byte by byte, and cut once anywhere.
#[track_caller]
fn check(pair: &Pair) {
    let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
    assert_eq!(shown(&amended(&pair.sent, [])), shown(&pair.wanted));
    assert_eq!(shown(&amended(&pair.sent, vec![1; pair.sent.len()])), shown(&pair.wanted));
    for at in 0..pair.sent.len() {
        assert_eq!(shown(&amended(&pair.sent, [at])), shown(&pair.wanted), "cut at {at}");
    }
}

/// A call whose authority is amended, to see whether frames are still followed.
fn call() -> Pair {
    headers(&authorities(PATH, AMENDED)[0], END_HEADERS)
}

#[test]
fn amends_every_kind_of_literal_among_other_fields() {
    for authority in authorities(PATH, AMENDED) {
        let block = Pair::join(others().into_iter().chain([authority]).chain(others()));
        check(&connection([headers(&block, END_HEADERS), call()]));
    }
}

#[test]
fn knows_padding_and_priorities() {
    for flags in [PADDED, PRIORITY, PADDED | PRIORITY] {
        for authority in authorities(PATH, AMENDED) {
            check(&connection([headers(&authority, flags | END_HEADERS), call()]));
        }
    }
}

#[test]
fn follows_a_block_into_its_continuations() {
    let block = authorities(PATH, AMENDED).remove(1);
    for at in 0..block.sent.len() {
        let (first, rest) = (
            Pair { sent: block.sent[..at].to_vec(), wanted: block.wanted[..at].to_vec() },
            Pair { sent: block.sent[at..].to_vec(), wanted: block.wanted[at..].to_vec() },
        );
        let empty = Pair::default().framed(CONTINUATION, 0);
        check(&connection([
            headers(&first, PADDED),
            empty,
            rest.framed(CONTINUATION, END_HEADERS | PADDED | PRIORITY),
            call(),
        ]));
    }
}

#[test]
fn passes_over_frames_of_other_kinds() {
    let lookalike = Pair::same(&call().sent);
    for kind in [DATA, SETTINGS, 2, 3, 6, 7, 8, 10, 255] {
        let frames =
            [lookalike.framed(kind, 0xff), Pair::default().framed(kind, 0), lookalike.framed(kind, 0)];
        check(&connection(frames.into_iter().chain([call()])));
    }
}

#[test]
fn leaves_everything_after_what_it_does_not_expect() {
    let block = &authorities(PATH, PATH)[0];
    let after = headers(block, END_HEADERS);
    let strange = [
        Pair::same(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"),
        Pair::same(b"GET / HTTP/1.1\r\nhost: /%\r\n\r\n"),
        connection([Pair::same(b"").framed(HEADERS, PADDED | END_HEADERS)]),
        connection([Pair::same(&[1]).framed(HEADERS, PADDED | END_HEADERS)]),
        connection([Pair::same(&[0, 1, 1, 1, 1]).framed(HEADERS, PADDED | PRIORITY | END_HEADERS)]),
        connection([Pair::same(&[1; 4]).framed(HEADERS, PRIORITY | END_HEADERS)]),
        connection([Pair::same(&[0x40, 1]).framed(HEADERS, END_HEADERS)]),
        connection([Pair::same(&[0x82]).framed(CONTINUATION, END_HEADERS)]),
        connection([
            Pair::same(&[0x82]).framed(HEADERS, 0),
            Pair::same(&[0x82]).framed(HEADERS, END_HEADERS),
        ]),
        connection([Pair::same(&[0x82]).framed(HEADERS, 0), Pair::same(&[0]).framed(DATA, 0)]),
        connection([Pair::same(&[0, 0, 0, 2]).framed(PUSH_PROMISE, END_HEADERS)]),
        connection([Pair::same(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f]).framed(HEADERS, END_HEADERS)]),
        connection(
            [Pair::same(&[[0xff].as_slice(), &[0x80; 6], &[0]].concat()).framed(HEADERS, END_HEADERS)],
        ),
    ];
    for strange in strange {
        check(&Pair::join([strange, after.clone()]));
    }
}

#[test]
fn exchanges_what_no_host_has_and_leaves_a_host_with_its_port() {
    for (sent, wanted) in [
        ("localhost", "localhost"),
        ("localhost:50051", "localhost:50051"),
        ("db-1.example_2~!$&'()*+,;=", "db-1.example_2~!$&'()*+,;="),
        ("/run/user/1000/a.sock", "-run-user-1000-a.sock"),
        ("%2Frun%2Fa%20b.sock", "-2Frun-2Fa-20b.sock"),
        ("a:b:c", "a:b-c"),
        ("me@host?x#y", "me-host-x-y"),
        ("[::1]:7", "-:-1--7"),
        ("[", "-"),
        ("ü\0\u{7f} \"\\^`{|}<>", "--------------"),
    ] {
        let wanted = if wanted.starts_with("---") { "-".repeat(sent.len()) } else { wanted.to_owned() };
        for authority in authorities(sent.as_bytes(), wanted.as_bytes()) {
            check(&connection([headers(&authority, END_HEADERS)]));
        }
    }
}

fn any_field() -> impl Strategy<Value = Pair> {
    let kinds = authorities(PATH, AMENDED).into_iter().chain(others()).collect::<Vec<_>>();
    any::<Index>().prop_map(move |idx| idx.get(&kinds).clone())
}

fn any_block() -> impl Strategy<Value = Pair> {
    let flags = prop_oneof![Just(0), Just(PADDED), Just(PRIORITY), Just(PADDED | PRIORITY)];
    (vec(any_field(), 0..5), flags, vec(any::<Index>(), 0..3)).prop_map(|(fields, flags, cuts)| {
        let (mut frames, mut rest) = (Vec::new(), Pair::join(fields));
        for at in cuts {
            let (piece, after) = rest.cut(at);
            frames.push(piece);
            rest = after;
        }
        frames.push(rest);
        let last = frames.len() - 1;
        let end = |idx| if idx == last { END_HEADERS } else { 0 };
        Pair::join(frames.iter().enumerate().map(|(idx, piece)| match idx {
            0 => headers(piece, flags | end(idx)),
            _ => piece.framed(CONTINUATION, end(idx)),
        }))
    })
}

fn any_frames() -> impl Strategy<Value = Vec<Pair>> {
    let data = vec(any::<u8>(), 0..300).prop_map(|bytes| Pair::same(&bytes).framed(DATA, 0));
    vec(prop_oneof![any_block(), data], 0..6)
}

proptest! {
    #[test]
    fn amends_any_connection_in_any_pieces(frames in any_frames(), lengths in vec(0..40_usize, 0..40)) {
        let pair = connection(frames);
        assert_eq!(amended(&pair.sent, lengths), pair.wanted);
    }

    #[test]
    fn makes_an_authority_of_any_value(value in vec(any::<u8>(), 1..200)) {
        let sent = connection([headers(&authorities(&value, &value)[0], END_HEADERS)]).sent;
        let made = amended(&sent, []).split_off(sent.len() - value.len());
        assert!(Authority::try_from(made.as_slice()).is_ok(), "{}", made.escape_ascii());
    }

    #[test]
    fn writes_nothing_but_dashes_into_damaged_connections(
        frames in any_frames(),
        damage in vec((any::<Index>(), any::<u8>()), 0..8),
        lengths in vec(0..40_usize, 0..40),
    ) {
        let mut sent = connection(frames).sent;
        for (at, byte) in damage {
            let at = at.index(sent.len());
            sent[at] = byte;
        }
        let whole = amended(&sent, []);
        assert_eq!(amended(&sent, lengths), whole);
        for (came, went) in sent.iter().zip(&whole) {
            assert!(came == went || *went == b'-' && !came.is_ascii_alphanumeric(), "{came} became {went}");
        }
    }

    #[test]
    fn leaves_bytes_that_are_no_connection(bytes in vec(any::<u8>(), 0..600)) {
        assert_eq!(amended(&bytes, []), bytes);
    }
}
