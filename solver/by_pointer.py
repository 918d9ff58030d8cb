"""Tuples of many arrays, handed to kernels by pointer.

numba passes a tuple by value: each kernel that takes a problem gets its forty arrays as three hundred
arguments, and each mention of the tuple copies all of them before the optimiser throws them away again. That
is most of what compiling such a kernel costs. A tuple that is marked `by_pointer` is unpacked once, where
Python calls a kernel; from there on it is one pointer, and a kernel loads the array that it names. In Python
nothing changes.

Its fields cannot be set, so the compiler may keep what it loaded (``invariant.load``).
"""

import hashlib
from typing import Any, TypeVar

from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed, lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate
from numba.extending import NativeValue, infer_getattr, models, register_model, typeof_impl, unbox

T = TypeVar("T", bound=tuple[Any, ...])


class Fields(types.Type):
    """What the pointer points to."""

    def __init__(self, names: tuple[str, ...], of: tuple[types.Type, ...]) -> None:
        self.names = names
        self.of = of
        content = ", ".join(f"{name}: {kind}" for name, kind in zip(names, of, strict=True))
        super().__init__(f"Fields({hashlib.sha256(content.encode()).hexdigest()[:16]})")


class ByPointer(types.Type):
    """A tuple that is handed over by pointer: its class and the types of its fields.

    The name is short because it becomes part of the name of every function that takes such a tuple.
    """

    def __init__(self, python_class: type, fields: Fields) -> None:
        self.fields = fields
        super().__init__(f"{python_class.__module__}.{python_class.__qualname__}[{fields.name}]")


def by_pointer(python_class: type[T]) -> type[T]:
    """Mark a class of named tuples."""

    @typeof_impl.register(python_class)
    def typeof(value: Any, context: Any) -> ByPointer:
        of = tuple(typeof_impl(field, context) for field in value)
        return ByPointer(python_class, Fields(value._fields, of))

    return python_class


@register_model(Fields)
class FieldsModel(models.StructModel):
    """A struct of all fields."""

    def __init__(self, dmm: Any, fe_type: Fields) -> None:
        members = list(zip(fe_type.names, fe_type.of, strict=True))
        super().__init__(dmm, fe_type, members)  # type: ignore[no-untyped-call]


@register_model(ByPointer)
class ByPointerModel(models.PrimitiveModel):
    """A pointer to it, which counts no references: who called the kernel holds them."""

    def __init__(self, dmm: Any, fe_type: ByPointer) -> None:
        pointer = dmm.lookup(fe_type.fields).get_value_type().as_pointer()
        super().__init__(dmm, fe_type, pointer)  # type: ignore[no-untyped-call]


@infer_getattr
class ByPointerAttributes(AttributeTemplate):
    """The types of the fields."""

    key = ByPointer

    def generic_resolve(  # type: ignore[override]
        self, typ: ByPointer, attr: str
    ) -> types.Type | None:
        """Return the type of a field, or None where there is none of that name."""
        return dict(zip(typ.fields.names, typ.fields.of, strict=True)).get(attr)


@lower_getattr_generic(ByPointer)
def load_field(context: Any, builder: Any, typ: ByPointer, value: Any, attr: str) -> Any:
    """Load one field."""
    at = typ.fields.names.index(attr)
    loaded = builder.load(cgutils.gep_inbounds(builder, value, 0, at))
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return impl_ret_borrowed(context, builder, typ.fields.of[at], loaded)


@unbox(ByPointer)
def unpack(typ: ByPointer, obj: Any, c: Any) -> NativeValue:
    """Unpack a tuple onto the stack of the wrapper that Python calls."""
    struct = cgutils.alloca_once(c.builder, c.context.get_value_type(typ.fields))
    is_error = cgutils.false_bit
    unboxed = []
    for at, kind in enumerate(typ.fields.of):
        native = c.unbox(kind, c.pyapi.tuple_getitem(obj, at))
        c.builder.store(native.value, cgutils.gep_inbounds(c.builder, struct, 0, at))
        is_error = c.builder.or_(is_error, native.is_error)
        unboxed.append((kind, native))

    def release() -> None:
        for kind, native in unboxed:
            if native.cleanup is not None:
                native.cleanup()
            if c.context.enable_nrt:
                c.context.nrt.decref(c.builder, kind, native.value)

    return NativeValue(struct, is_error=is_error, cleanup=release)
