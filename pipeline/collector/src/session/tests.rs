//! The session as tables: inputs at instants, and what comes out.

use feed::tick::Symbol;

use super::*;

const ACK: &str = "OPSP0000 SUBSCRIBE SUCCESS";
const FRAME: &[u8] = b"0|H0STCNT0|001|005930^140610^277750^2^3750^1.37^280395.69^283000^283500^276500^278000^277500^5^11955000^3352130122500^83251^86830^3579^120.39^5217059^6280658^5^0.53^53.70^090023^5^-5250^090048^5^-5750^135824^2^1250^20260922^20^N^47588^70626^794823^496479^0.20^17123443^69.82^0^^283000^2";

struct Desk {
    session: Session,
    start: Instant,
    now: Instant,
}

impl Desk {
    fn new(subscriptions: &str) -> Self {
        let subscriptions = subscriptions.parse().expect("a subscription list");
        let now = Instant::now();
        let session = Session::new(&subscriptions, Duration::from_secs(45), 7, now);
        Desk { session, start: now, now }
    }

    /// What comes out, in words; times in seconds since the last input.
    fn gets(&mut self, input: Input<'_>) -> Vec<String> {
        let mut out = Vec::new();
        self.session.handle(input, self.now, &mut out);
        out.iter().map(|output| self.word(output)).collect()
    }

    fn word(&self, output: &Output) -> String {
        match output {
            Output::Approve => "approve".into(),
            Output::Dial => "dial".into(),
            Output::Send(text) if text.contains("PINGPONG") => "pong".into(),
            Output::Send(text) => {
                let field =
                    |name: &str| text.split(&format!("\"{name}\":\"")).nth(1).and_then(|rest| rest.split('"').next());
                let sign = if field("tr_type") == Some("1") { '+' } else { '-' };
                format!("{sign}{}", field("tr_key").unwrap_or_default())
            }
            Output::Live(tick) => format!("live {}", tick.symbol),
            Output::WakeAt(at) => format!("wake {:.1}", (*at - self.now).as_secs_f64()),
            Output::Hangup => "hangup".into(),
        }
    }

    fn after(&mut self, seconds: f64, input: Input<'_>) -> Vec<String> {
        self.now += Duration::from_secs_f64(seconds);
        self.gets(input)
    }

    fn replies(&mut self, key: &str, reply: &str) -> Vec<String> {
        self.says(if key.is_empty() { "(null)" } else { "H0STCNT0" }, key, reply)
    }

    fn says(&mut self, tr_id: &str, key: &str, reply: &str) -> Vec<String> {
        let (code, text) = reply.split_once(' ').expect("code and text");
        let json = format!(
            r#"{{"header":{{"tr_id":"{tr_id}","tr_key":"{key}","encrypt":"N"}},"body":{{"rt_cd":"0","msg_cd":"{code}","msg1":"{text}"}}}}"#
        );
        self.after(0.2, Input::Frame(json.as_bytes()))
    }

    fn approved() -> Input<'static> {
        Input::Approved(Ok(ApprovalKey::new("K".into())))
    }

    /// Approved and connected; the first of the symbols is asked for.
    fn open(subscriptions: &str) -> Self {
        let mut desk = Desk::new(subscriptions);
        assert_eq!(desk.gets(Input::Woke), ["approve"]);
        assert_eq!(desk.gets(Desk::approved()), ["dial"]);
        assert_eq!(desk.gets(Input::Opened), ["+005930", "wake 10.0"]);
        desk
    }

    /// Open, with both symbols registered.
    fn live() -> Self {
        let mut desk = Desk::open("H0STCNT0:005930,H0STCNT0:000660");
        assert_eq!(desk.replies("005930", ACK), ["+000660", "wake 10.0"]);
        assert_eq!(desk.replies("000660", ACK), ["wake 60.0"]);
        assert_eq!(desk.session.state(), SessionState::Live);
        desk
    }

    /// Seconds until it wants to go on, after an input that ends the session.
    fn waits(&mut self, output: &[String]) -> f64 {
        let word = output.last().and_then(|word| word.strip_prefix("wake ")).map(str::parse);
        word.expect("it waits").expect("a number of seconds")
    }
}

#[test]
fn data_feeds_the_live_channel_and_pingpong_is_echoed() {
    let mut desk = Desk::live();
    assert_eq!(desk.gets(Input::Frame(FRAME)), ["live 005930", "wake 60.0"]);
    let ping = br#"{"header":{"tr_id":"PINGPONG","datetime":"20260922140611"}}"#;
    assert_eq!(desk.after(10.0, Input::Frame(ping)), ["pong", "wake 60.0"]);
    assert_eq!(desk.gets(Input::Frame(b"rubbish")), ["wake 60.0"]);
    let symbol: Symbol = "005930".parse().expect("a symbol");
    assert_eq!(symbol.as_str(), "005930");
}

#[test]
fn registrations_keep_their_pace() {
    let mut desk = Desk::open("H0STCNT0:005930,H0STCNT0:000660");
    desk.now -= Duration::from_millis(150);
    assert_eq!(desk.replies("005930", ACK), ["wake 0.1"], "the answer came after 50 ms");
    assert_eq!(desk.after(0.05, Input::Woke), ["+000660", "wake 10.0"]);
}

#[test]
fn already_subscribed_is_harmless() {
    let mut desk = Desk::live();
    assert_eq!(desk.replies("005930", "OPSP0002 ALREADY IN SUBSCRIBE"), ["wake 60.0"]);
    assert_eq!((desk.session.state(), desk.session.health().registered), (SessionState::Live, 2));
}

#[test]
fn after_a_loss_everything_is_registered_anew_with_the_same_approval() {
    let mut desk = Desk::live();
    let lost = desk.gets(Input::Lost);
    let wait = desk.waits(&lost);
    assert_eq!((desk.session.state(), desk.session.health().registered), (SessionState::Backoff, 0));
    assert_eq!(desk.after(wait + 0.1, Input::Woke), ["dial"]);
    assert_eq!(desk.gets(Input::Opened), ["+005930", "wake 10.0"]);
}

#[test]
fn delays_grow_until_real_data_has_come() {
    let mut desk = Desk::live();
    let mut waits = Vec::new();
    for _ in 0..5 {
        let lost = desk.gets(Input::Lost);
        waits.push(desk.waits(&lost));
        desk.after(130.0, Input::Woke);
        desk.gets(Input::Opened);
        desk.replies("005930", ACK);
    }
    assert!(waits[0] <= 2.0 && waits[4] >= 16.0, "an acknowledgement is no data: {waits:?}");
    desk.gets(Input::Frame(FRAME));
    let lost = desk.gets(Input::Lost);
    assert!(desk.waits(&lost) <= 2.0);
}

#[test]
fn a_dead_connection_is_left_cleanly() {
    let mut desk = Desk::live();
    let left = desk.after(60.0, Input::Woke);
    assert_eq!(left[..3], ["-005930", "-000660", "hangup"]);
    assert_eq!(desk.session.cause(), Cause::Silence);
}

#[test]
fn a_key_that_is_in_use_is_left_alone_for_long() {
    let mut desk = Desk::live();
    let first = desk.replies("", "OPSP8996 ALREADY IN USE appkey");
    assert_eq!(first[2], "hangup");
    assert!((45.0..=90.0).contains(&desk.waits(&first)), "{first:?}");
    desk.after(90.1, Input::Woke);
    desk.gets(Input::Opened);
    let second = desk.replies("", "OPSP8996 ALREADY IN USE appkey");
    assert!((90.0..=180.0).contains(&desk.waits(&second)), "{second:?}");
}

#[test]
fn a_refused_approval_is_renewed_then_left_to_a_person() {
    let mut desk = Desk::live();
    let left = desk.replies("005930", "OPSP0011 invalid approval : NOT FOUND");
    let wait = desk.waits(&left);
    assert_eq!(desk.after(wait + 0.1, Input::Woke), ["approve"]);
    desk.gets(Input::Approved(Err(Class::Auth)));
    desk.after(10.0, Input::Woke);
    assert_eq!(desk.gets(Input::Approved(Err(Class::Auth))), ["wake 300.0"]);
    assert_eq!(desk.session.state(), SessionState::Blocked);
}

#[test]
fn a_full_session_keeps_what_it_has_and_names_the_rest() {
    let mut desk = Desk::open("H0STCNT0:005930,H0STCNT0:000660,H0STCNT0:035420");
    desk.replies("005930", ACK);
    assert_eq!(desk.replies("000660", "OPSP0008 MAX SUBSCRIBE OVER"), ["wake 60.0"]);
    let health = desk.session.health();
    let refused =
        ["H0STCNT0:000660: OPSP0008 MAX SUBSCRIBE OVER", "H0STCNT0:035420: not asked for: the session is full"];
    assert_eq!((health.state, health.registered), (SessionState::Live, 1));
    assert_eq!(health.refused, refused);
}

/// How often the second symbol is asked for within so many seconds, in which only PINGPONG comes.
fn asked_without_answer(desk: &mut Desk, seconds: usize) -> usize {
    let ping = br#"{"header":{"tr_id":"PINGPONG","datetime":"20260922140611"}}"#;
    let words = (0..seconds / 10).flat_map(|_| desk.after(10.0, Input::Frame(ping)));
    words.filter(|word| word == "+000660").count()
}

#[test]
fn a_registration_without_an_answer_is_asked_for_again_ever_more_rarely() {
    let mut desk = Desk::open("H0STCNT0:005930,H0STCNT0:000660");
    assert_eq!(desk.replies("005930", ACK), ["+000660", "wake 10.0"]);
    let check = |desk: &Desk, registered, refused: &[&str]| {
        let health = desk.session.health();
        assert_eq!((health.state, health.registered), (SessionState::Live, registered));
        assert_eq!(health.refused, refused);
    };
    assert_eq!(asked_without_answer(&mut desk, 120), 4);
    check(&desk, 1, &["H0STCNT0:000660: no answer within 10 s (5 tries)"]);
    assert_eq!(asked_without_answer(&mut desk, 310), 1);
    check(&desk, 1, &["H0STCNT0:000660: no answer within 10 s (6 tries)"]);
    assert_eq!(asked_without_answer(&mut desk, 280), 1);
    check(&desk, 1, &["H0STCNT0:000660: no answer within 10 s (6 tries)"]);
    desk.replies("000660", ACK);
    check(&desk, 2, &[]);
}

#[test]
fn a_session_that_comes_to_nothing_is_left() {
    let mut desk = Desk::open("H0STCNT0:005930,H0STCNT0:000660");
    assert_eq!(desk.replies("005930", "OPSP8992 invalid tr_key"), ["+000660", "wake 10.0"]);
    for _ in 0..4 {
        desk.replies("000660", "OPSP9993 internal error");
        assert_eq!(desk.after(16.0, Input::Woke), ["+000660", "wake 10.0"]);
    }
    let left = desk.replies("000660", "OPSP9993 internal error");
    assert_eq!(left[0], "hangup");
    assert!(desk.waits(&left) <= 2.0, "{left:?}");
    assert_eq!((desk.session.state(), desk.session.cause()), (SessionState::Backoff, Cause::Refused));
}

#[test]
fn nothing_but_mistakes_of_our_own_is_no_reason_to_reconnect() {
    let mut desk = Desk::open("H0STCNT0:005930");
    assert_eq!(desk.replies("005930", "OPSP8992 invalid tr_key"), ["wake 60.0"]);
    assert_eq!(desk.session.state(), SessionState::Live);
}

#[test]
fn an_error_without_a_key_is_about_the_one_that_is_asked_for() {
    let check = |reply: &str, expected: &str, refused: &[&str]| {
        let mut desk = Desk::open("H0STCNT0:005930,H0STCNT0:000660");
        desk.replies("005930", ACK);
        assert_eq!(desk.says("H0STCNT0", "", reply)[0], expected, "{reply}");
        assert_eq!(desk.session.health().refused, refused, "{reply}");
    };
    check("OPSP8992 invalid tr_key", "wake 60.0", &["H0STCNT0:000660: OPSP8992 invalid tr_key"]);
    check("OPSP9993 internal error", "wake 2.0", &[]);
    check("OPSP0002 ALREADY IN SUBSCRIBE", "wake 60.0", &[]);
    check("OPSP0011 NOT FOUND", "-005930", &[]);
    check("OPSP0000 SUBSCRIBE SUCCESS", "wake 9.8", &[]);
}

#[test]
fn only_an_error_about_none_of_ours_ends_the_session() {
    let check = |tr_id: &str, key: &str, reply: &str, ends: bool| {
        let out = Desk::live().says(tr_id, key, reply);
        assert_eq!(out.contains(&"hangup".to_owned()), ends, "{tr_id} {key} {reply}: {out:?}");
    };
    check("H0STCNT0", "035420", ACK, false);
    check("(null)", "", "OPSP0002 ALREADY IN SUBSCRIBE", false);
    check("H0STCNT0", "", "OPSP9993 internal error", true);
    check("(null)", "", "OPSP9999 invalid JSON format", true);
    check("H0STCNT0", "005930", "OPSP9993 internal error", false);
    check("H0STCNT0", "005930", "OPSP8996 ALREADY IN USE appkey", true);
}

#[test]
fn a_registration_proves_the_key_also_where_no_data_comes() {
    let mut desk = Desk::new("H0STCNT0:005930");
    desk.gets(Input::Woke);
    for _ in 0..3 {
        desk.gets(Input::Approved(Err(Class::Auth)));
        desk.after(300.0, Input::Woke);
    }
    desk.gets(Desk::approved());
    desk.gets(Input::Opened);
    desk.replies("005930", ACK);
    desk.gets(Input::Lost);
    assert_eq!(desk.session.state(), SessionState::Backoff);
}

#[test]
fn stopping_unregisters_and_hangs_up() {
    let mut desk = Desk::live();
    assert_eq!(desk.gets(Input::Stop), ["-005930", "-000660", "hangup"]);
    assert_eq!(desk.session.state(), SessionState::Stopped);
    assert!(desk.start <= desk.now);
}
