// What is in the URLs to which everybody may post who knows them, and whose they are.
//
// Sources: api.slack.com/messaging/webhooks, discord.com/developers/docs/resources/webhook,
// learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors.
[
    ("hooks.slack.com/services/", "a Slack webhook"),
    ("discord.com/api/webhooks/", "a Discord webhook"),
    ("discordapp.com/api/webhooks/", "a Discord webhook"),
    (".webhook.office.com/webhook", "a Microsoft Teams webhook"),
]
