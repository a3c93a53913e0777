"""The goals of an account, and the chats whose visitors reach them."""

from __future__ import annotations

from livechat_async.sandbox.data.chats import GOALS, is_chat_of, reached_goal
from livechat_async.sandbox.http.answers import Wire
from livechat_async.sandbox.http.queries import objects_of
from livechat_async.sandbox.state.chats import Chats
from livechat_async.sandbox.state.numbered import Numbered
from livechat_async.sandbox.state.visitors import Visitors

__all__ = ["Goals"]


class Goals(Numbered):
    """The goals by number; those of the made-up chats are there from the beginning."""

    def __init__(self, chats: Chats, visitors: Visitors) -> None:
        goals = ({"id": each, "name": name, "active": 1, "type": "api"} for each, name in GOALS)
        super().__init__("Goal", goals)
        self._chats = chats
        self._visitors = visitors

    def mark(self, goal: Wire, visitor_id: str, order: Wire) -> bool:
        """Show that a visitor reached a goal, in the running chat or else in the last one.

        Returns False for a visitor who is neither on the site nor in the archives.
        """
        reached = reached_goal(goal["id"], goal["name"], self._visitors.now, order)
        is_here = visitor_id in self._visitors
        running = self._visitors.get(visitor_id).chat if is_here else None
        if running is not None:
            running.goals = _with(running.goals, reached)
            return True
        numbers = self._chats.select(
            matches=lambda chat: is_chat_of(chat, visitor_id) and chat.get("type") != "missed_chat",
            key=("goal of", visitor_id),
            by_outline=True,
        )
        for chat_id in self._chats.ids(numbers[-1:]):
            goals = objects_of(self._chats.get(chat_id), "goals")
            self._chats.change(chat_id, goals=_with([{**each} for each in goals], reached))
        return is_here or bool(numbers)


def _with(goals: list[Wire], reached: Wire) -> list[Wire]:
    return [*(goal for goal in goals if goal.get("id") != reached["id"]), reached]
