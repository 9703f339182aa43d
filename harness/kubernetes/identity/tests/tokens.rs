//! Service account tokens: what is signed, what is refused and with which words.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proofmark_identity::service_account::{BoundObject, BoundObjects, authenticate};
use proofmark_identity::{Authority, Claims, KubernetesClaims, ObjectRef, TokenError, TokenSigner};
use proofmark_json::json;
use proptest::prelude::*;
use rstest::rstest;

const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
const ISSUED: i64 = 1_770_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(ISSUED).unwrap()
}

fn object(name: &str) -> ObjectRef {
    ObjectRef { name: name.to_owned(), uid: format!("uid-{name}") }
}

fn claims() -> Claims {
    Claims {
        aud: vec![ISSUER.to_owned()],
        exp: Some(ISSUED + 3600),
        iat: Some(ISSUED),
        iss: ISSUER.to_owned(),
        jti: "c0ffee".to_owned(),
        kubernetes: Some(KubernetesClaims {
            namespace: "ns".to_owned(),
            serviceaccount: object("app"),
            ..KubernetesClaims::default()
        }),
        legacy: None,
        nbf: Some(ISSUED),
        sub: "system:serviceaccount:ns:app".to_owned(),
    }
}

/// What the server has, by `kind/namespace/name`.
#[derive(Default)]
struct Objects(BTreeMap<String, BoundObject>);

impl Objects {
    fn with(names: &[&str]) -> Self {
        let entry = |path: &&str| {
            let name = path.rsplit('/').next().unwrap_or_default();
            ((*path).to_owned(), BoundObject { uid: format!("uid-{name}"), ..BoundObject::default() })
        };
        Self(names.iter().map(entry).collect())
    }

    fn get(&self, path: String) -> Option<BoundObject> {
        self.0.get(&path).cloned()
    }
}

impl BoundObjects for Objects {
    fn service_account(&self, namespace: &str, name: &str) -> Option<BoundObject> {
        self.get(format!("sa/{namespace}/{name}"))
    }
    fn secret(&self, namespace: &str, name: &str) -> Option<BoundObject> {
        self.get(format!("secret/{namespace}/{name}"))
    }
    fn pod(&self, namespace: &str, name: &str) -> Option<BoundObject> {
        self.get(format!("pod/{namespace}/{name}"))
    }
    fn node(&self, name: &str) -> Option<BoundObject> {
        self.get(format!("node//{name}"))
    }
}

/// The user's name or the refusal as a TokenReview shows it.
fn review(token: &str, requested: Option<&[&str]>, objects: &Objects) -> Result<String, String> {
    let requested: Option<Vec<String>> = requested.map(|list| list.iter().map(|a| (*a).to_owned()).collect());
    authenticate(&TokenSigner::simulator(), token, now(), ISSUER, &[ISSUER.to_owned()], requested.as_deref(), objects)
        .map(|authenticated| authenticated.user.name)
        .map_err(|error| error.review_error())
}

#[test]
fn a_token_repeats_to_the_byte_and_verifies() {
    let signer = TokenSigner::simulator();
    let token = signer.sign(&claims());
    assert_eq!(token, TokenSigner::simulator().sign(&claims()));
    assert_eq!(signer.verify(&token, now(), ISSUER), Ok(claims()));
    insta::assert_snapshot!(token);
}

#[test]
fn claims_are_written_in_the_order_of_their_names() {
    let mut all = claims();
    let kubernetes = all.kubernetes.as_mut().unwrap();
    kubernetes.node = Some(object("node"));
    kubernetes.pod = Some(object("pod"));
    kubernetes.warnafter = Some(ISSUED + 3607);
    insta::assert_snapshot!(proofmark_json::to_string_pretty(&all).unwrap(), @r#"
    {
      "aud": [
        "https://kubernetes.default.svc.cluster.local"
      ],
      "exp": 1770003600,
      "iat": 1770000000,
      "iss": "https://kubernetes.default.svc.cluster.local",
      "jti": "c0ffee",
      "kubernetes.io": {
        "namespace": "ns",
        "node": {
          "name": "node",
          "uid": "uid-node"
        },
        "pod": {
          "name": "pod",
          "uid": "uid-pod"
        },
        "serviceaccount": {
          "name": "app",
          "uid": "uid-app"
        },
        "warnafter": 1770003607
      },
      "nbf": 1770000000,
      "sub": "system:serviceaccount:ns:app"
    }
    "#);
    let legacy = Claims::legacy("ns", &object("app"), "app-token");
    assert_eq!(
        proofmark_json::to_string(&legacy).unwrap(),
        r#"{"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"ns","kubernetes.io/serviceaccount/secret.name":"app-token","kubernetes.io/serviceaccount/service-account.name":"app","kubernetes.io/serviceaccount/service-account.uid":"uid-app","sub":"system:serviceaccount:ns:app"}"#
    );
}

#[rstest]
#[case::fresh(0, Ok(()))]
#[case::within_leeway_before(-60, Ok(()))]
#[case::before(-61, Err(TokenError::NotYetValid))]
#[case::within_leeway_after(3660, Ok(()))]
#[case::after(3661, Err(TokenError::Expired))]
fn a_token_has_its_time(#[case] offset: i64, #[case] outcome: Result<(), TokenError>) {
    let signer = TokenSigner::simulator();
    let when = Timestamp::from_second(ISSUED + offset).unwrap();
    assert_eq!(signer.verify(&signer.sign(&claims()), when, ISSUER).map(|_| ()), outcome);
}

#[test]
fn a_token_issued_in_the_future_is_refused() {
    let signer = TokenSigner::simulator();
    let odd = Claims { iat: Some(ISSUED + 61), nbf: None, ..claims() };
    assert_eq!(signer.verify(&signer.sign(&odd), now(), ISSUER), Err(TokenError::IssuedInFuture));
}

#[test]
fn tampered_and_foreign_tokens() {
    let signer = TokenSigner::simulator();
    let token = signer.sign(&claims());
    let other = signer.sign(&Claims { sub: "system:serviceaccount:ns:root".to_owned(), ..claims() });
    let parts: Vec<&str> = token.split('.').collect();
    let swapped = format!("{}.{}.{}", parts[0], other.split('.').nth(1).unwrap(), parts[2]);
    assert_eq!(signer.verify(&swapped, now(), ISSUER), Err(TokenError::Signature));
    assert_eq!(signer.verify(&token, now(), "https://elsewhere"), Err(TokenError::Foreign));
    for nonsense in ["", "nonsense", "a.b.c", &format!("{token}.x"), &token.replace('.', "")] {
        assert_eq!(signer.verify(nonsense, now(), ISSUER), Err(TokenError::Foreign), "{nonsense}");
    }
    // {"alg":"none"}
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    assert_eq!(signer.verify(&unsigned, now(), ISSUER), Err(TokenError::Signature));
}

#[test]
fn keys_of_other_issuers_verify_when_added() {
    let theirs = TokenSigner::from_pkcs8_pem(&Authority::generate("x", now()).unwrap().key_pem()).unwrap();
    let token = theirs.sign(&claims());
    let mut ours = TokenSigner::simulator();
    assert_eq!(ours.verify(&token, now(), ISSUER), Err(TokenError::UnknownKey));
    let pem = theirs.public_keys()[0].to_pem();
    ours.add_public_key_pem(&pem).unwrap();
    ours.add_public_key_pem(&pem).unwrap();
    assert_eq!(ours.verify(&token, now(), ISSUER), Ok(claims()));
    assert_eq!(ours.public_keys().len(), 2);
    let document = ours.openid_configuration(ISSUER, "https://127.0.0.1:6443/openid/v1/jwks");
    assert_eq!(document["id_token_signing_alg_values_supported"], json!(["ES256", "RS256"]));
    let key = &ours.jwks()["keys"][1];
    assert_eq!(
        key.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["use", "kty", "kid", "crv", "alg", "x", "y"],
        "{key}"
    );
    assert!(ours.add_public_key_pem("nonsense").is_err());
}

#[test]
fn discovery_documents() {
    let signer = TokenSigner::simulator();
    insta::assert_json_snapshot!(json!({
        "jwks": signer.jwks(),
        "configuration": signer.openid_configuration(ISSUER, "https://127.0.0.1:6443/openid/v1/jwks"),
    }));
}

#[rstest]
#[case::asked_nothing(&[ISSUER], None, Ok("system:serviceaccount:ns:app"))]
#[case::asked_this_and_another(&[ISSUER], Some(&["vault", ISSUER][..]), Ok("system:serviceaccount:ns:app"))]
#[case::for_another(&["vault"], Some(&["vault"][..]), Ok("system:serviceaccount:ns:app"))]
#[case::asked_another(&["a", "b"], Some(&["vault"][..]),
    Err(r#"[invalid bearer token, token audiences ["a" "b"] is invalid for the target audiences ["vault"]]"#))]
#[case::for_another_used_here(&["vault"], None,
    Err(r#"[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["https://kubernetes.default.svc.cluster.local"]]"#))]
fn audiences(#[case] own: &[&str], #[case] requested: Option<&[&str]>, #[case] outcome: Result<&str, &str>) {
    let aud = own.iter().map(|a| (*a).to_owned()).collect();
    let token = TokenSigner::simulator().sign(&Claims { aud, ..claims() });
    let got = review(&token, requested, &Objects::with(&["sa/ns/app"]));
    assert_eq!(got.as_deref().map_err(String::as_str), outcome);
}

#[test]
fn a_token_dies_with_what_it_is_bound_to() {
    let mut bound = claims();
    let kubernetes = bound.kubernetes.as_mut().unwrap();
    kubernetes.pod = Some(object("p"));
    kubernetes.node = Some(object("n"));
    let signer = TokenSigner::simulator();
    let token = signer.sign(&bound);

    let objects = Objects::with(&["sa/ns/app", "pod/ns/p"]);
    let user = authenticate(&signer, &token, now(), ISSUER, &[ISSUER.to_owned()], None, &objects).unwrap().user;
    assert_eq!(user.groups, ["system:serviceaccounts", "system:serviceaccounts:ns"]);
    insta::assert_debug_snapshot!(user.extra);

    let refused = |objects: &Objects| review(&token, None, objects).unwrap_err();
    assert_eq!(refused(&Objects::default()), r#"[invalid bearer token, serviceaccounts "app" not found]"#);
    assert_eq!(
        refused(&Objects::with(&["sa/ns/app"])),
        "[invalid bearer token, service account token has been invalidated]"
    );
    let mut renewed = Objects::with(&["sa/ns/app", "pod/ns/p"]);
    renewed.0.get_mut("pod/ns/p").unwrap().uid = "other".to_owned();
    assert_eq!(
        refused(&renewed),
        "[invalid bearer token, pod UID (other) does not match service account pod ref claim (uid-p)]"
    );
    let mut going = Objects::with(&["sa/ns/app", "pod/ns/p"]);
    going.0.get_mut("sa/ns/app").unwrap().deleted = Timestamp::from_second(ISSUED - 60).ok();
    assert!(review(&token, None, &going).is_ok(), "deleted within the leeway");
    going.0.get_mut("sa/ns/app").unwrap().deleted = Timestamp::from_second(ISSUED - 61).ok();
    assert_eq!(refused(&going), "[invalid bearer token, service account ns/app has been deleted]");
}

#[test]
fn a_token_in_a_secret_lives_as_long_as_the_secret_holds_it() {
    let token = TokenSigner::simulator().sign(&Claims::legacy("ns", &object("app"), "s"));
    let mut objects = Objects::with(&["sa/ns/app"]);
    assert_eq!(review(&token, None, &objects).unwrap_err(), "[invalid bearer token, Token has been invalidated]");
    let holder = json!({"metadata": {"uid": "u"}, "data": {"token": "YWJj"}});
    objects.0.insert("secret/ns/s".to_owned(), BoundObject::of(&holder));
    assert_eq!(
        review(&token, None, &objects).unwrap_err(),
        "[invalid bearer token, Token does not match server's copy]"
    );
    objects.0.get_mut("secret/ns/s").unwrap().token = Some(token.clone().into_bytes());
    assert_eq!(review(&token, None, &objects).unwrap(), "system:serviceaccount:ns:app");
}

proptest! {
    #[test]
    fn nonsense_is_refused_and_never_panics(token in "[A-Za-z0-9_.-]{0,80}|\\PC{0,30}") {
        prop_assert!(TokenSigner::simulator().verify(&token, now(), ISSUER).is_err());
    }
}
