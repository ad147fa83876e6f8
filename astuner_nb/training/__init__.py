"""The child's side: GRPO on a tiny math agent, with numpy alone. Knows only the recorder."""
