"""Who may become what by the token of an issuer."""

import time

from cloud import B, C, Bucket, allow, client, deny, document, role, said
from roles import become, trusting


def run(report, issuer):
    tokens(report.case, issuer)


def tokens(case, issuer):
    iam = client("iam", B)
    provider = iam.create_open_id_connect_provider(
        Url=issuer.url, ClientIDList=["sts.amazonaws.com", "other"], ThumbprintList=[issuer.thumbprint]
    )
    provider, name = provider["OpenIDConnectProviderArn"], issuer.url.removeprefix("https://")
    action = "sts:AssumeRoleWithWebIdentity"

    def trust(condition=None, federated=provider, actions=action):
        return role(B, allow(["s3:*", "sts:*"]), trust=trusting({"Federated": federated}, condition, actions))

    def exchange(arn, token=None, **more):
        token = token or issuer.token()
        return said(
            client("sts").assume_role_with_web_identity,
            RoleArn=arn,
            RoleSessionName="s1",
            WebIdentityToken=token,
            **more,
        )

    no = f"AccessDenied: Not authorized to perform {action}"
    sub = "system:serviceaccount:team:models"
    good = trust({"StringEquals": {f"{name}:sub": sub, f"{name}:aud": "sts.amazonaws.com"}})
    case("token", "ok", exchange(good))
    case("another subject", no, exchange(good, issuer.token(sub="system:serviceaccount:team:other")))
    case("another audience that the provider knows", no, exchange(good, issuer.token(aud="other")))
    case(
        "an audience that it does not know",
        "InvalidIdentityToken: Incorrect token audience",
        exchange(good, issuer.token(aud="kubernetes")),
    )
    case("one audience of several", "ok", exchange(good, issuer.token(aud=["kubernetes", "sts.amazonaws.com"])))
    case(
        "an authorised party takes the audience's place",
        "InvalidIdentityToken: Incorrect token audience",
        exchange(good, issuer.token(azp="kubernetes")),
    )
    case("pattern of subjects", "ok", exchange(trust({"StringLike": {f"{name}:sub": "system:serviceaccount:team:*"}})))
    case("pattern as a text", no, exchange(trust({"StringEquals": {f"{name}:sub": "system:serviceaccount:team:*"}})))
    case("no condition", "ok", exchange(trust()))
    case("another provider", no, exchange(trust(federated=provider + "/other")))
    case("by AssumeRole", no, exchange(trust(actions="sts:AssumeRole")))
    case("a role that is not there", no, exchange(f"arn:aws:iam::{B}:role/not-there"))
    case(
        "another account",
        f"InvalidIdentityToken: No OpenIDConnect provider found in your account for {issuer.url}",
        exchange(good.replace(B, C)),
    )
    case(
        "another issuer",
        "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://other.example",
        exchange(good, issuer.token(iss="https://other.example")),
    )
    now = int(time.time())
    case(
        "expired",
        "ExpiredTokenException: Token expired: current date/time ",
        exchange(good, issuer.token(exp=now - 10)),
    )
    case("too old", "ExpiredTokenException: Token too old: ", exchange(good, issuer.token(iat=now - 100000)))
    case("not yet", "InvalidIdentityToken: ", exchange(good, issuer.token(nbf=now + 3600)))
    head, body, signature = issuer.token().split(".")
    case("a broken signature", "InvalidIdentityToken: ", exchange(good, f"{head}.{body}.{signature[:-6]}AAAAAA"))
    case("no token", "InvalidIdentityToken: ", exchange(good, "abcd"))
    case("too short", "ValidationError: ", exchange(good, "abc"))
    case(
        "longer than the role allows",
        "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        exchange(good, DurationSeconds=7200),
    )
    case(
        "another key",
        "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider",
        exchange(good, issuer.token(kid="k2")),
    )
    tags = {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["iris"]}, "transitive_tag_keys": ["team"]}}
    case(
        "tags in a token that trust does not allow",
        "AccessDenied: Not authorized to perform sts:TagSession",
        exchange(good, issuer.token(**tags)),
    )
    case("tags in a token", "ok", exchange(trust(actions=[action, "sts:TagSession"]), issuer.token(**tags)))
    denied = role(
        B,
        trust=[
            *trusting({"Federated": provider}, None, action),
            deny(action, None, {"StringNotLike": {f"{name}:sub": "system:serviceaccount:team:models"}}, Principal="*"),
        ],
    )
    case("a deny of other subjects, its own", "ok", exchange(denied))
    case("a deny of other subjects, another", no, exchange(denied, issuer.token(sub="system:serviceaccount:x:y")))
    got = client("sts").assume_role_with_web_identity(
        RoleArn=good,
        RoleSessionName="s1",
        WebIdentityToken=issuer.token(),
        Policy=document(allow(["s3:GetObject", "sts:AssumeRole"])),
    )
    bucket = Bucket(B)
    case("a token's session", "ok", bucket.get(got["Credentials"]))
    case("a token's session and its policy", "AccessDenied", bucket.put(got["Credentials"]))
    case(
        "a token's session chains an hour",
        "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit",
        become(got["Credentials"], role(B, trust=trusting(B)), DurationSeconds=7200),
    )
    by_provider = role(
        B,
        allow(condition={"StringEquals": {"aws:FederatedProvider": provider, f"{name}:sub": sub}}),
        trust=trusting({"Federated": provider}, None, action),
    )
    mine = client("sts").assume_role_with_web_identity(
        RoleArn=by_provider, RoleSessionName="s1", WebIdentityToken=issuer.token()
    )
    case("keys of the token stay", "ok", bucket.get(mine["Credentials"]))
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=["0" * 40])
    case(
        "thumbprint",
        "InvalidIdentityToken: OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        exchange(good),
    )
    iam.update_open_id_connect_provider_thumbprint(
        OpenIDConnectProviderArn=provider, ThumbprintList=["0" * 40, issuer.thumbprint]
    )
    case("one thumbprint of several", "ok", exchange(good))
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="sts.amazonaws.com")
    case("a client that was removed", "InvalidIdentityToken: Incorrect token audience", exchange(good))
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    case(
        "a provider that was removed",
        f"InvalidIdentityToken: No OpenIDConnect provider found in your account for {issuer.url}",
        exchange(good),
    )
