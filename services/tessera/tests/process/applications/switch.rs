//! contracts/auvious-applications.md §3.6 rule 4: once the PUT that disables has been answered, every later token request is
//! refused.

use rstest::rstest;

use super::switched;
use crate::stack::{Answer, Credentials, DESK_APPLICATION, Stack, Topology};

/// Off and on again.
const ROUNDS: usize = 15;

/// No process that issues tokens remembers anything of an application: from the answer on, each of them refuses.
#[rstest]
#[tokio::test]
async fn a_disabled_application_is_refused_at_once_by_every_auth_server(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let mut stack = Stack::start(topology).await;
    let mut servers = vec![stack.auth_url("")];
    if topology == Topology::Separate {
        servers.push(stack.another_auth_server().await);
    }
    let (desk, crm) = (stack.declared.desk.clone(), stack.client_token(&stack.declared.crm).await);
    let mut session = stack.desk_sign_in(&stack.declared.ada).await.expect(200).refresh_token();
    for round in 0..ROUNDS {
        stack.put_application(&crm, DESK_APPLICATION, &switched(true)).await.expect(204);
        for server in &servers {
            for form in [own(), refresh(&session)] {
                let answer = ask(&stack, server, &desk, &form).await;
                let told = (answer.status, answer.text_of("error"), answer.text_of("error_description"));
                let expected = (400, "invalid_grant".to_owned(), "Application is disabled".to_owned());
                assert_eq!(told, expected, "round {round}: {answer:?}");
            }
        }
        stack.put_application(&crm, DESK_APPLICATION, &switched(false)).await.expect(204);
        for server in &servers {
            ask(&stack, server, &desk, &own()).await.expect(200);
            // What was refused was not used up.
            session = ask(&stack, server, &desk, &refresh(&session)).await.expect(200).refresh_token();
        }
    }
}

/// Without the auth server the caller is told so, and nothing has changed.
#[tokio::test]
async fn without_the_auth_server_nothing_changes() {
    let mut stack = Stack::start(Topology::Separate).await;
    let (desk, crm) = (stack.declared.desk.clone(), stack.client_token(&stack.declared.crm).await);
    let get = async |stack: &Stack| {
        stack.call_application(&crm, reqwest::Method::GET, DESK_APPLICATION).await.expect(200).json()
    };
    let before = get(&stack).await;
    stack.auth().kill();
    let refused = stack.put_application(&crm, DESK_APPLICATION, &switched(true)).await.expect(503);
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    assert_eq!(refused.json()["status"], 503);
    assert_eq!(get(&stack).await, before);
    stack.auth().start().await;
    ask(&stack, &stack.auth_url(""), &desk, &own()).await.expect(200);
    stack.put_application(&crm, DESK_APPLICATION, &switched(true)).await.expect(204);
    ask(&stack, &stack.auth_url(""), &desk, &own()).await.expect(400);
}

type Form<'a> = Vec<(&'a str, &'a str)>;

fn own() -> Form<'static> {
    vec![("grant_type", "client_credentials")]
}

fn refresh(token: &str) -> Form<'_> {
    vec![("grant_type", "refresh_token"), ("refresh_token", token)]
}

async fn ask(stack: &Stack, server: &str, client: &Credentials, form: &Form<'_>) -> Answer {
    let request = stack.http.post(format!("{server}/oauth/token"));
    stack.send(request.basic_auth(&client.id, Some(&client.secret)).form(form)).await
}
