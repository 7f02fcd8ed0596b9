//! Opening a chat or a link: the user's own command for chats, else the system's opener. It is open when that
//! ended well.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// How long an opener may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The user's own command, as program and arguments; `{id}` and `{link}` are filled in. Empty: none.
pub type ChatCommand = Vec<String>;

/// Opens a chat. Whether something ended well.
pub(super) async fn open_chat(own: &ChatCommand, id: &str, link: &str) -> bool {
    let mut words = own.iter().map(|word| word.replace("{id}", id).replace("{link}", link));
    if let Some(program) = words.next() {
        let mut command = Command::new(program);
        command.args(words);
        return ended_well(command).await;
    }
    open_link(link).await
}

/// Opens a link with the system's opener. Whether something ended well.
pub(super) async fn open_link(link: &str) -> bool {
    for command in open::commands(link) {
        if ended_well(Command::from(command)).await {
            return true;
        }
    }
    false
}

async fn ended_well(mut command: Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let Ok(mut child) = command.spawn() else { return false };
    match tokio::time::timeout(LIMIT, child.wait()).await {
        Ok(Ok(status)) => status.success(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::open_chat;

    #[tokio::test]
    async fn open_means_that_the_command_ended_well() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(open_chat(&words("test {id} = ann"), "ann", "wxwork://x").await);
        assert!(!open_chat(&words("false {link}"), "ann", "wxwork://x").await);
        assert!(!open_chat(&words("/no/such/program"), "ann", "wxwork://x").await);
    }
}
