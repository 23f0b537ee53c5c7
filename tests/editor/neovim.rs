//! A real editor: Neovim, without a screen.

use std::fs;
use std::process::Command;

use seaworthy_tests::artifacts::target;
use serde_json::Value;

use crate::POD;

/// Opens the file, waits until something is said of it, mends it, and writes down what was said before and after.
const SCRIPT: &str = r#"
local said = {}
local function codes()
  local found = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do table.insert(found, diagnostic.code or '') end
  return found
end
local function has(code) return vim.tbl_contains(codes(), code) end
vim.cmd('edit web.yaml')
local client = vim.lsp.start_client({ name = 'seaworthy', cmd = { BINARY, 'lsp' }, root_dir = vim.loop.cwd(),
  workspace_folders = { { uri = vim.uri_from_fname(vim.loop.cwd()), name = 'shop' } } })
vim.wait(30000, function() return vim.lsp.get_client_by_id(client) ~= nil end)
vim.lsp.buf_attach_client(0, client)
vim.wait(30000, function() return has('privilege-escalation-disabled') end)
said.before = codes()
vim.api.nvim_buf_set_lines(0, 9, 10, false, { '        allowPrivilegeEscalation: false' })
vim.wait(30000, function() return not has('privilege-escalation-disabled') end)
said.after = codes()
vim.fn.writefile({ vim.fn.json_encode(said) }, 'said.json')
vim.cmd('qall!')
"#;

#[test]
fn neovim_shows_what_is_found_and_what_is_mended_goes() {
    if Command::new("nvim").arg("--version").output().is_err() {
        eprintln!("LEFT OUT: Neovim is not installed, so no real editor is tried");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = SCRIPT.replace("BINARY", &format!("{:?}", target().join("release/seaworthy").display().to_string()));
    fs::write(folder.path().join("web.yaml"), POD).unwrap();
    fs::write(folder.path().join("try.lua"), script).unwrap();
    let mut nvim = Command::new("nvim");
    let output = nvim.args(["--headless", "-u", "NONE", "-c", "luafile try.lua"]).current_dir(folder.path()).output();
    let output = output.unwrap();
    let said = fs::read_to_string(folder.path().join("said.json"))
        .unwrap_or_else(|cause| panic!("{cause}: {}", String::from_utf8_lossy(&output.stderr)));
    let said: Value = serde_json::from_str(&said).unwrap();
    let has = |when: &str, code: &str| said[when].as_array().unwrap().iter().any(|it| it == code);
    assert!(has("before", "privilege-escalation-disabled"), "{said}");
    assert!(has("after", "readiness-probe") && !has("after", "privilege-escalation-disabled"), "{said}");
}
