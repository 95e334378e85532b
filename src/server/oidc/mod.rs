//! Signing in with a provider of OpenID Connect: the authorization code flow with PKCE. What comes back is checked by the crate
//! `openidconnect`: signature, issuer, audience, expiry and nonce.

mod claims;
pub mod config;
mod trip;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use countersign_desk::Clock;
use countersign_desk::people::Proven;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AsyncHttpClient, AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError,
    Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IdTokenClaims, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, Semaphore};

use self::claims::Told;
use self::config::Configured;
pub use self::trip::{LONGEST, Trip, Trips};
use super::calls::{CallFault, Calls, keeps_secrets, reasons};

/// How long what a provider says of itself is believed, in milliseconds.
const KNOWN: i64 = 60 * 60 * 1_000;
/// Its keys are not read again sooner than this, whatever keys tokens name.
const AGAIN: i64 = 60 * 1_000;
/// How far the provider's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);
/// People whose way back is being checked at the same time: each has the provider answer up to three calls.
const AT_ONCE: usize = 8;
/// Signatures that are believed: nobody but the provider can make them.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
];

/// Every claim that is not one of the standard.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct More {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for More {}

type Claims = IdTokenClaims<More, CoreGenderClaim>;
type Token = openidconnect::IdToken<More, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Fields = IdTokenFields<
    More,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Party = Client<
    More,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why somebody could not be signed in with the provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be asked, or what it says of itself cannot be used.
    #[error("{0}")]
    Provider(String),
    /// It does not accept the code.
    #[error("it refused the code: {0}")]
    Code(String),
    /// What it says of somebody does not hold.
    #[error("{0}")]
    Token(String),
}

/// Why a call to a provider has no answer.
#[derive(Debug, thiserror::Error)]
enum HttpFault {
    #[error("{0} is neither https:// nor on this machine")]
    Plain(String),
    #[error(transparent)]
    Call(#[from] CallFault),
}

/// Calls to a provider. What is said there is for nobody else.
#[derive(Debug, Default)]
struct Http(Calls);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            if !keeps_secrets(request.uri()) {
                return Err(HttpFault::Plain(request.uri().to_string()));
            }
            Ok(self.0.send(request).await?)
        })
    }
}

/// What the provider said of itself, and when.
struct Known {
    party: Party,
    read_at: i64,
}

/// A provider with which people sign in.
pub struct Oidc {
    provider: Configured,
    secret: Option<String>,
    clock: Clock,
    trips: Trips,
    http: Http,
    known: Mutex<Option<Known>>,
    turns: Semaphore,
}

impl Oidc {
    /// The provider as it is configured; it is asked when somebody wants to sign in.
    ///
    /// # Errors
    /// Its secret cannot be read: why, in words.
    pub fn open(provider: Configured, data: &Path, clock: Clock) -> Result<Arc<Self>, String> {
        let secret = provider.client_secret.as_ref().map(|source| source.read(data)).transpose()?;
        let (trips, http, known) = (Trips::default(), Http::default(), Mutex::default());
        Ok(Arc::new(Self { provider, secret, clock, trips, http, known, turns: Semaphore::new(AT_ONCE) }))
    }

    /// How people call the provider.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.provider.name
    }

    /// Its URL.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.provider.issuer
    }

    /// A new trip to the provider: its address there, and what the browser keeps.
    ///
    /// # Errors
    /// The provider cannot be asked.
    pub async fn begin(&self, to: &str, back: &str) -> Result<(String, String), Fault> {
        let party = self.party(back).await?;
        let trip = self.trips.begin(to, self.clock.now());
        let verifier = PkceCodeVerifier::new(self.trips.verifier(&trip));
        let (state, nonce) = (self.trips.state(&trip), self.trips.nonce(&trip));
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let asked = party.authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce));
        let scopes = ["profile", "email"].into_iter().chain(self.provider.scopes.iter().map(String::as_str));
        let asked = asked.add_scopes(scopes.map(|scope| Scope::new(scope.to_owned())));
        let asked = asked.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        Ok((asked.url().0.into(), self.trips.cookie(&trip)))
    }

    /// The trip that a browser kept, if it is not over and this came back from it.
    #[must_use]
    pub fn trip(&self, cookie: &str, state: &str) -> Option<Trip> {
        self.trips.of(cookie, self.clock.now()).filter(|trip| self.trips.is_state(trip, state))
    }

    /// Exchanges the code that came back, and checks what the provider says of somebody.
    ///
    /// # Errors
    /// The provider cannot be asked, or what it says does not hold.
    pub async fn finish(&self, trip: &Trip, code: String, back: &str) -> Result<Proven, Fault> {
        let _turn = self.turns.acquire().await.map_err(|error| Fault::Provider(error.to_string()))?;
        let party = self.party(back).await?;
        let verifier = PkceCodeVerifier::new(self.trips.verifier(trip));
        let asked =
            party.exchange_code(AuthorizationCode::new(code)).map_err(|error| Fault::Provider(error.to_string()))?;
        let answer = asked.set_pkce_verifier(verifier).request_async(&self.http).await.map_err(code_fault)?;
        let token = answer.id_token().ok_or_else(|| Fault::Token("it has no ID token".to_owned()))?;
        let claims = self.checked(&party, token, &Nonce::new(self.trips.nonce(trip))).await?;
        let mut told = Told { token: as_map(&claims)?, userinfo: Map::new() };
        if !told.is_enough(&self.provider)
            && let Ok(asked) = party.user_info(answer.access_token().clone(), Some(claims.subject().clone()))
        {
            let answer: UserInfoClaims<More, CoreGenderClaim> =
                asked.request_async(&self.http).await.map_err(|error| Fault::Provider(reasons(&error)))?;
            told.userinfo = as_map(&answer)?;
        }
        told.proven(&self.provider).map_err(Fault::Token)
    }

    /// The claims of an ID token that holds. A key that is not known may be a new one.
    async fn checked(&self, party: &Party, token: &Token, nonce: &Nonce) -> Result<Claims, Fault> {
        const UNKNOWN: ClaimsVerificationError =
            ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey);
        let checked = match self.verified(party, token, nonce) {
            Err(error) if error == UNKNOWN => self.verified(&self.read(AGAIN).await?, token, nonce),
            checked => checked,
        };
        checked.map_err(|error| Fault::Token(reasons(&error)))
    }

    fn verified(&self, party: &Party, token: &Token, nonce: &Nonce) -> Result<Claims, ClaimsVerificationError> {
        let now = DateTime::<Utc>::from_timestamp_millis(self.clock.now());
        let now = now.ok_or_else(|| ClaimsVerificationError::Other("the clock is not set".to_owned()))?;
        let in_time = move |issued: DateTime<Utc>| {
            if issued > now + SKEW { Err("it was issued in the future".to_owned()) } else { Ok(()) }
        };
        let verifier = party.id_token_verifier().set_allowed_algs(SIGNATURES).set_time_fn(move || now - SKEW);
        token.claims(&verifier.set_issue_time_verifier_fn(in_time), nonce).cloned()
    }

    /// What is known of the provider, for somebody who comes back to this address.
    async fn party(&self, back: &str) -> Result<Party, Fault> {
        let back = RedirectUrl::new(back.to_owned()).map_err(|error| Fault::Provider(reasons(&error)))?;
        Ok(self.read(KNOWN).await?.set_redirect_uri(back))
    }

    /// What the provider says of itself, unless that is known and no older than this.
    async fn read(&self, age: i64) -> Result<Party, Fault> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some(known) = known.as_ref().filter(|known| now - known.read_at < age) {
            return Ok(known.party.clone());
        }
        let failed = |error: &(dyn std::error::Error + 'static)| Fault::Provider(reasons(error));
        let issuer = IssuerUrl::new(self.provider.issuer.clone()).map_err(|error| failed(&error))?;
        let said = CoreProviderMetadata::discover_async(issuer, &self.http).await.map_err(|error| failed(&error))?;
        let there = said.authorization_endpoint().as_str();
        if !there.parse().is_ok_and(|uri| keeps_secrets(&uri)) {
            return Err(Fault::Provider(HttpFault::Plain(there.to_owned()).to_string()));
        }
        let methods = said.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        let takes = |method: CoreClientAuthMethod| methods.contains(&method);
        let in_body = takes(CoreClientAuthMethod::ClientSecretPost) && !takes(CoreClientAuthMethod::ClientSecretBasic);
        let secret = self.secret.clone().map(ClientSecret::new);
        let party = Party::from_provider_metadata(said, ClientId::new(self.provider.client_id.clone()), secret);
        let party = if in_body { party.set_auth_type(AuthType::RequestBody) } else { party };
        *known = Some(Known { party: party.clone(), read_at: now });
        Ok(party)
    }
}

fn code_fault(error: RequestTokenError<HttpFault, StandardErrorResponse<CoreErrorResponseType>>) -> Fault {
    match error {
        RequestTokenError::ServerResponse(answer) => Fault::Code(answer.error().to_string()),
        // The answer itself may have tokens.
        RequestTokenError::Parse(error, _) => Fault::Provider(format!("its answer cannot be read: {error}")),
        error => Fault::Provider(reasons(&error)),
    }
}

fn as_map(claims: &impl Serialize) -> Result<Map<String, Value>, Fault> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Fault::Token("its claims are no object".to_owned())),
        Err(error) => Err(Fault::Token(error.to_string())),
    }
}
