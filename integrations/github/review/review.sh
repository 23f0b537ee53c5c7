#!/usr/bin/env bash
# Fetches the reviews of a pull request and the members of teams, which its event does not have, and has seaworthy decide by them.
set -euo pipefail

refuse() {
    echo "error: $1" >&2
    exit 2
}

for tool in gh seaworthy; do
    command -v "$tool" > /dev/null || refuse "$tool is not on the PATH: install it in a step before"
done
[ -n "${GH_TOKEN:-}" ] || refuse "the input token is empty: the event of a pull request from a fork has no secrets"
[[ "$INPUT_BASE" =~ [^/]$ ]] || refuse "the event has no pull request: give the inputs base and pull-request"
[[ "$INPUT_PULL_REQUEST" =~ ^[0-9]+$ ]] || refuse "\`$INPUT_PULL_REQUEST\` is no number of a pull request"
# On a server of one's own, gh wants its name, and the token in another variable.
server="${GITHUB_SERVER_URL:-https://github.com}"
export GH_HOST="${server#*://}" GH_ENTERPRISE_TOKEN="$GH_TOKEN"
pull="repos/$GITHUB_REPOSITORY/pulls/$INPUT_PULL_REQUEST"
approvals="$(mktemp)"
trap 'rm -f "$approvals"' EXIT

# What cannot be fetched ends the script: an answer that is missing would be taken for one that says nothing. A review of an
# account that is gone is nobody's.
author="$(gh api "$pull" --jq '.user.login | tojson')" || refuse "the pull request cannot be read"
reviews="$(gh api --paginate "$pull/reviews" --jq '.[] | select(.user) | {user: .user.login, state, commit: .commit_id} | tojson')" \
    || refuse "the reviews cannot be read"
{
    echo "author: $author"
    echo "reviews: [$(paste -sd, - <<< "$reviews")]"
    echo "teams:"
} > "$approvals"
while IFS= read -r team; do
    team="${team%$'\r'}"
    [ -n "$team" ] || continue
    [[ "$team" =~ ^@?([A-Za-z0-9_.-]+)/([A-Za-z0-9_.-]+)$ ]] || refuse "\`$team\` is no team: write organisation/team"
    organisation="${BASH_REMATCH[1]}" name="${BASH_REMATCH[2]}"
    members="$(gh api --paginate "orgs/$organisation/teams/$name/members" --jq '.[].login | tojson')" \
        || refuse "the members of $organisation/$name cannot be read"
    echo "  \"@$organisation/$name\": [$(paste -sd, - <<< "$members")]" >> "$approvals"
done <<< "$INPUT_TEAMS"
grep -q '^  ' "$approvals" || sed -i 's/^teams:$/teams: {}/' "$approvals"

code=0
seaworthy review "--base=$INPUT_BASE" --approvals "$approvals" --format github || code=$?
[ -z "${GITHUB_STEP_SUMMARY:-}" ] \
    || seaworthy review "--base=$INPUT_BASE" --approvals "$approvals" --format markdown >> "$GITHUB_STEP_SUMMARY" || true
exit "$code"
