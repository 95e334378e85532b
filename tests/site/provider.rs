//! A small provider of OpenID Connect, on loopback: one person, whom it signs in without asking.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

pub const CLIENT: &str = "countersign";
pub const SECRET: &str = "a secret of the client";

type Fields = std::collections::HashMap<String, String>;
/// What becomes of the claims before they are signed.
type Change = Box<dyn Fn(&mut Map<String, Value>) + Send>;

/// How the next ID token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    Well,
    /// By a key of the same name that the provider does not have.
    ByAnother,
    /// Not at all, and it says so.
    Not,
    /// With the client's secret.
    WithTheSecret,
}

struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(id: &str) -> Self {
        Self { id: id.to_owned(), pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    fn public(&self) -> Value {
        // A byte for the form, and two coordinates.
        let point = self.pair.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": BASE64.encode(x), "y": BASE64.encode(y),
        })
    }
}

struct Inner {
    key: Key,
    signed: Signed,
    change: Change,
    userinfo: Value,
    /// Of the browser that came last: what it asked for.
    asked: Fields,
    /// How often keys were read.
    keys_read: usize,
}

#[derive(Clone)]
pub struct Provider {
    inner: Arc<Mutex<Inner>>,
    address: SocketAddr,
    now: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl Provider {
    /// A provider that listens; `now` tells milliseconds.
    pub async fn start(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inner = Inner {
            key: Key::new("one"),
            signed: Signed::Well,
            change: Box::new(|_| ()),
            userinfo: json!({"sub": "subject-1"}),
            asked: Fields::new(),
            keys_read: 0,
        };
        let provider =
            Self { inner: Arc::new(Mutex::new(inner)), address: listener.local_addr().unwrap(), now: Arc::new(now) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(Self::about))
            .route("/keys", get(Self::keys))
            .route("/authorize", get(Self::authorize))
            .route("/token", post(Self::token))
            .route("/userinfo", get(Self::userinfo))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes the claims of every ID token from now on.
    pub fn claims(&self, change: impl Fn(&mut Map<String, Value>) + Send + 'static) {
        self.inner.lock().unwrap().change = Box::new(change);
    }

    pub fn signs(&self, signed: Signed) {
        self.inner.lock().unwrap().signed = signed;
    }

    pub fn tells(&self, userinfo: Value) {
        self.inner.lock().unwrap().userinfo = userinfo;
    }

    /// Signs with another key from now on, whose public half it shows.
    pub fn rotates(&self, id: &str) {
        self.inner.lock().unwrap().key = Key::new(id);
    }

    pub fn keys_read(&self) -> usize {
        self.inner.lock().unwrap().keys_read
    }

    async fn about(State(this): State<Self>) -> Json<Value> {
        let at = |path: &str| format!("{}{path}", this.issuer());
        Json(json!({
            "issuer": this.issuer(),
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"),
            "jwks_uri": at("/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            // What it says it could do is not what is believed.
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        }))
    }

    async fn keys(State(this): State<Self>) -> Json<Value> {
        let mut inner = this.inner.lock().unwrap();
        inner.keys_read += 1;
        Json(json!({"keys": [inner.key.public()]}))
    }

    /// Sends the browser back with a code.
    async fn authorize(State(this): State<Self>, Query(asked): Query<Fields>) -> Response {
        let back = format!("{}?code=the-code&state={}", asked["redirect_uri"], asked["state"]);
        this.inner.lock().unwrap().asked = asked;
        (StatusCode::FOUND, [(header::LOCATION, back)]).into_response()
    }

    async fn token(State(this): State<Self>, headers: HeaderMap, Form(fields): Form<Fields>) -> Response {
        let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
        let client = format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT}:{}", SECRET.replace(' ', "+"))));
        if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&client) {
            return refuse("invalid_client");
        }
        let mut inner = this.inner.lock().unwrap();
        let verifier = fields.get("code_verifier").map(|text| BASE64.encode(Sha256::digest(text))).unwrap_or_default();
        let fits = inner.asked.get("code_challenge") == Some(&verifier)
            && inner.asked.get("redirect_uri") == fields.get("redirect_uri")
            && fields.get("code").is_some_and(|code| code == "the-code");
        // A code is good once.
        let asked = std::mem::take(&mut inner.asked);
        if !fits {
            return refuse("invalid_grant");
        }
        let now = (this.now)() / 1_000;
        let claims = json!({
            "iss": this.issuer(), "sub": "subject-1", "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": asked["nonce"],
            "preferred_username": "zoe", "name": "Zoe <b>Ray</b>", "email": "zoe@example.com", "email_verified": true,
            "groups": ["administrators", "everybody"],
        });
        let Value::Object(mut claims) = claims else { unreachable!() };
        (inner.change)(&mut claims);
        let token = jwt(&inner, &Value::Object(claims));
        Json(json!({"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": token}))
            .into_response()
    }

    async fn userinfo(State(this): State<Self>, headers: HeaderMap) -> Response {
        if headers.get(header::AUTHORIZATION).is_none_or(|value| value != "Bearer access") {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        Json(this.inner.lock().unwrap().userinfo.clone()).into_response()
    }
}

fn jwt(inner: &Inner, claims: &Value) -> String {
    let algorithm = match inner.signed {
        Signed::Well | Signed::ByAnother => "ES256",
        Signed::Not => "none",
        Signed::WithTheSecret => "HS256",
    };
    let head = json!({"alg": algorithm, "typ": "JWT", "kid": inner.key.id});
    let signed = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
    let by = |pair: &EcdsaKeyPair| pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec();
    let signature = match inner.signed {
        Signed::Well => by(&inner.key.pair),
        Signed::ByAnother => by(&Key::new("one").pair),
        Signed::Not => Vec::new(),
        Signed::WithTheSecret => {
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
            aws_lc_rs::hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
        }
    };
    format!("{signed}.{}", BASE64.encode(signature))
}
